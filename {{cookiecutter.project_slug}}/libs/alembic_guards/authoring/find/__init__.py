"""Finds what has changed, where autogenerate sees a drop and an add, or nothing."""
