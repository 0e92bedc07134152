"""Passes over the operations of a revision: each takes them and changes or orders them."""
