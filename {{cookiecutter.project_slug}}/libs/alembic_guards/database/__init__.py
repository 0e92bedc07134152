"""Connections, scratch databases, catalogs and identifiers. Nothing here depends on revisions."""
