"""Renders the code of a revision: types, literals and operations; describes the operations."""
