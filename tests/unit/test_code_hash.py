"""The digest of a revision follows what an upgrade executes, and nothing else."""

from pathlib import Path

import pytest
from alembic_guards.runtime.code_hash import code_hash, file_hash

REVISION = '''"""first"""

from alembic import op

revision = "a"
down_revision: str | None = None
SIZE = 20


def helper():
    """Help."""
    return SIZE


def upgrade() -> None:
    op.execute("SELECT 1", 'a' "b")


def downgrade() -> None:
    op.execute("SELECT 2")
'''


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.py"


@pytest.mark.parametrize(
    ("old", "new", "is_same"),
    [
        ('"""first"""', '"""second"""', True),
        ('"""Help."""\n    ', "# why\n    ", True),
        (
            'op.execute("SELECT 1", \'a\' "b")',
            "op.execute(\n        'SELECT 1',\n        'ab',\n    )",
            True,
        ),
        ('"b")', '"b", info={"data_loss": True})', True),
        ("SELECT 2", "SELECT 3", True),
        ("from alembic", "import os\nfrom alembic", True),
        ("str | None = None", "str | None = 'z'", True),
        ('revision = "a"', 'revision = "b"', True),
        ("SELECT 1", "SELECT  1", False),
        ("SIZE = 20", "SIZE = 21", False),
        ("return SIZE", "return SIZE + 1", False),
        ('op.execute("SELECT 1"', 'op.run("SELECT 1"', False),
    ],
)
def test_what_is_executed_makes_the_digest(path: Path, old: str, new: str, is_same: bool) -> None:
    path.write_text(REVISION)
    before, bytes_before = code_hash(path), file_hash(path)
    assert old in REVISION
    path.write_text(REVISION.replace(old, new))
    assert (code_hash(path) == before) == is_same
    assert file_hash(path) != bytes_before


def test_the_digest_is_the_same_in_each_version_of_python(path: Path) -> None:
    path.write_text(REVISION)
    assert code_hash(path) == "83ce8a3a1b5b6d19"


@pytest.mark.parametrize(
    ("line", "is_part"),
    [
        ("run_sql_file(Path(__file__).with_suffix('.sql'))", True),
        ("op.run_sql_file(Path(__file__).with_suffix('.sql'))", True),
        ("op.execute(Path(__file__).with_suffix('.sql').read_text())", False),
        ("op.execute('run_sql_file()')", False),
    ],
)
def test_sql_beside_is_a_part_where_run_sql_file_executes_it(
    path: Path, line: str, is_part: bool
) -> None:
    path.write_text(REVISION.replace('op.execute("SELECT 1", \'a\' "b")', line))
    before = code_hash(path), file_hash(path)
    path.with_suffix(".sql").write_text("SELECT 1")
    after = code_hash(path), file_hash(path)
    assert [one != other for one, other in zip(before, after, strict=True)] == [is_part] * 2
