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
    row_defaults,
    schemas,
    tables,
    types,
    values,
    views,
    ways_back,
)

CHANGES = [
    *tables.CHANGES,
    *columns.CHANGES,
    *renames.CHANGES,
    *values.CHANGES,
    *row_defaults.CHANGES,
    *ways_back.CHANGES,
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
