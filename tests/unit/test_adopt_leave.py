"""The patterns of tables that others own are written into alembic.ini where all commands read them."""

import pytest
from alembic_guards.authoring.adopt.ini import with_leave

NOTE = "# Tables that others own: no command compares them.\n"
LINE = "leave = a_* b"


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("[alembic]\nx = 1\n[other]\n", f"[alembic]\n{NOTE}{LINE}\nx = 1\n[other]\n"),
        ("[alembic]  ; note\n", f"[alembic]  ; note\n{NOTE}{LINE}\n"),
        ("[alembic]", f"[alembic]\n{NOTE}{LINE}\n"),
        ("[alembic]\nleave = old\nx = 1\n", f"[alembic]\n{LINE}\nx = 1\n"),
        ("[alembic]\nx = 1\nLEAVE: old\n  older\ny = 2\n", f"[alembic]\nx = 1\n{LINE}\ny = 2\n"),
        (
            "[a]\nleave = 1\n[alembic]\nx = 1\n[b]\nleave = 2\n",
            f"[a]\nleave = 1\n[alembic]\n{NOTE}{LINE}\nx = 1\n[b]\nleave = 2\n",
        ),
        ("[alembic]\nx =\n  [1]\nleave = old\n", f"[alembic]\nx =\n  [1]\n{LINE}\n"),
    ],
)
def test_the_line_is_written_once_into_its_section(text: str, changed: str) -> None:
    assert with_leave(text, "alembic", LINE) == changed


@pytest.mark.parametrize(
    "text", ["", "[other]\nx = 1\n", "# [alembic]\n", "[alembic]\n  leave = a\n"]
)
def test_a_file_in_which_the_line_would_not_be_read_is_refused(text: str) -> None:
    assert with_leave(text, "alembic", LINE) is None


def test_another_section_of_the_configuration_is_found() -> None:
    assert with_leave("[alembic]\n[shop]\n", "shop", LINE) == f"[alembic]\n[shop]\n{NOTE}{LINE}\n"
