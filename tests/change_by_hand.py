"""Writes a revision by hand, in plain SQL."""

from collections.abc import Iterable

from conftest import Project


def by_hand(project: Project, up: Iterable[str], down: Iterable[str]) -> None:
    """Write a revision that executes `up`, and `down` on the way back."""
    project.alembic("revision", "--message=by hand")
    revision = project.revisions()[-1]
    upgrade, _, downgrade = revision.read_text().partition("    pass\n")
    lines = ["".join(f"    op.execute({sql!r})\n" for sql in some) for some in (up, down)]
    revision.write_text(upgrade + lines[0] + downgrade.replace("    pass\n", lines[1]))
