"""Writes revisions. Imported by `revision` and `check` alone, never by an upgrade."""

from functools import cache


@cache
def install() -> None:
    """Replace renderers of Alembic by those of the guards, for the rest of this process."""
    from alembic_guards.authoring.write.render import install_renderers

    install_renderers()
