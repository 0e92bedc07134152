"""Knows databases: connections, scratch databases, catalogs and names. It knows nothing of revisions."""
