"""Tries a new revision on scratch databases, repairs and proves it."""
