"""The base class of all models: a naming convention for constraints, and column types."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import ClassVar, cast

import sqlalchemy as sa
{{ cookiecutter.__base_import }}from sqlalchemy.orm import DeclarativeBase


def expression_hash(constraint: sa.Constraint, _: sa.Table) -> str:
    """Return a hash of the condition of a CHECK, so that another condition has another name."""
    check = cast("sa.CheckConstraint", constraint)
    sql = check.sqltext.compile(compile_kwargs={"literal_binds": True})
    return sha256(str(sql).encode()).hexdigest()[:8]


class UTCDateTime(sa.TypeDecorator[datetime]):
    """A point in time: stored in UTC and returned with that time zone, on every database."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Return the value to store. Raises ValueError for one without a time zone."""
        del dialect  # it is the same on all
        if value is not None and value.tzinfo is None:
            message = f"{value!r} has no time zone: use datetime.now(UTC)"
            raise ValueError(message)
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Return a stored value with its time zone, which not every database stores."""
        del dialect
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class Base({{ cookiecutter.__base_classes }}):
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
        datetime: UTCDateTime(),
{% include cookiecutter.database ~ '/column_types.py' %}    }
