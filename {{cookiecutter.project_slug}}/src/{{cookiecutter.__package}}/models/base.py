"""The base class of all models: a naming convention for constraints, and column types."""

from datetime import datetime
from hashlib import sha256
from typing import ClassVar, cast

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase


def expression_hash(constraint: sa.Constraint, _: sa.Table) -> str:
    """Return a hash of the condition of a CHECK, so that another condition has another name."""
    check = cast("sa.CheckConstraint", constraint)
    sql = check.sqltext.compile(compile_kwargs={"literal_binds": True})
    return sha256(str(sql).encode()).hexdigest()[:8]


class Base(DeclarativeBase):
    """The base class of all models."""

    # Only a constraint with a name can be changed or dropped by a later revision.
    metadata = sa.MetaData(
        naming_convention={
            "expression_hash": expression_hash,
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(expression_hash)s",
        },
    )
    type_annotation_map: ClassVar = {
        datetime: sa.DateTime(timezone=True),
{% include cookiecutter.database ~ '/column_types.py' %}    }
