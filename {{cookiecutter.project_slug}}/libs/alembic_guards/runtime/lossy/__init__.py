"""Refuses lossy casts: changes of types that would change values in rows."""
