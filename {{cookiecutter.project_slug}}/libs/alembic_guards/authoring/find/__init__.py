"""Detects changes that autogenerate takes for a drop and an add, or does not detect."""
