"""Runs a new revision on scratch databases, adds what is missing, and proves it."""
