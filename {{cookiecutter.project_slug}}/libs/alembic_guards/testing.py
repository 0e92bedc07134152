"""Functions for the tests of a project: a scratch database, create_all(), and drift."""

from alembic_guards.authoring.find.reference import create_all
from alembic_guards.authoring.prove.proof import drift
from alembic_guards.database.scratch import scratch_database

__all__ = ["create_all", "drift", "scratch_database"]
