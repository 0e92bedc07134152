"""Refuses changes of types that would change values."""
