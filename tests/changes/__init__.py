"""Kinds of change, as pairs of models: what is there before, and what comes after."""

from . import (
    checks,
    columns,
    custom_types,
    defaults,
    enums,
    indexes,
    keys,
    renames,
    schemas,
    tables,
    types,
    values,
    views,
)

CHANGES = [
    *tables.CHANGES,
    *columns.CHANGES,
    *renames.CHANGES,
    *values.CHANGES,
    *types.CHANGES,
    *defaults.CHANGES,
    *checks.CHANGES,
    *enums.CHANGES,
    *indexes.CHANGES,
    *keys.CHANGES,
    *schemas.CHANGES,
    *custom_types.CHANGES,
    *views.CHANGES,
]
