"""Adopts an existing database: a baseline, models, and proofs that both describe it."""
