"""What every model shares: names for constraints, and types that work on every database."""

from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import DateTime, MetaData, String
from sqlalchemy.orm import DeclarativeBase


def expression_hash(check: Any, _: object) -> str:
    """Eight characters that change with the condition, so that a new condition is a new name."""
    sql = check.sqltext.compile(compile_kwargs={"literal_binds": True})
    return sha256(str(sql).encode()).hexdigest()[:8]


class Base(DeclarativeBase):
    # Only a constraint with a name can be changed or dropped by a later revision.
    metadata = MetaData(
        naming_convention={
            "expression_hash": expression_hash,
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(expression_hash)s",
        },
    )
    type_annotation_map = {
        datetime: DateTime(timezone=True),
        str: String(255),  # MariaDB and MySQL want a length
    }
