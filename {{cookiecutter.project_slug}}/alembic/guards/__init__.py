"""Keeps data safe while a database changes: env.py calls it, and nobody has to edit it.

It knows nothing of the project, so that an update of the template can replace it whole.
"""

from .attempts import attempts
from .environment import connect, options
from .errors import plain_errors, readable_models
from .premises import create_all
from .proof import drift
from .scratch import scratch_database

__all__ = [
    "attempts",
    "connect",
    "create_all",
    "drift",
    "options",
    "plain_errors",
    "readable_models",
    "scratch_database",
]
