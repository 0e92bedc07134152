"""Passes over the operations of a revision. Each removes, adds, changes or sorts operations."""
