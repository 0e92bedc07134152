"""Writes the code of a revision: types, literals, operations, and its title."""
