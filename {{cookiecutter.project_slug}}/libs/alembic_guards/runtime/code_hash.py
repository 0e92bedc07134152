"""Digests the file of a revision, and what of it an upgrade executes."""

import ast
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

#: Names of a revision that a rebase changes, or that say nothing of what it does.
IDENTIFIERS = {"revision", "down_revision", "branch_labels", "depends_on", "unproven"}

#: Fields of a node that differ between versions of Python, or by how a text is written.
LEFT_OUT = {"ctx", "kind", "type_comment", "type_params"}


def file_hash(path: Path) -> str:
    """Return a digest of the bytes of a file, and of that of SQL that it executes from beside it."""
    content = path.read_bytes()
    return _digest(content + _sql_beside(path, content))


def code_hash(path: Path) -> str:
    """Return a digest of what upgrade() of a file executes.

    Layout, comments, docstrings, imports, downgrade(), consent to a loss of data and the place in the
    history leave it as it is.
    """
    content = path.read_bytes()
    tree = ast.parse(content)
    tree.body = [node for node in tree.body if not _is_left_out(node)]
    return _digest("".join(_words(tree)).encode() + _sql_beside(path, content))


def _sql_beside(path: Path, content: bytes) -> bytes:
    """Return the file of SQL that a revision executes by run_sql_file(), such as a baseline; else nothing.

    Revisions that read such a file in another way were recorded without it.
    """
    beside = path.with_suffix(".sql")
    return beside.read_bytes() if beside.exists() and _runs_sql_file(content) else b""


def _runs_sql_file(content: bytes) -> bool:
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):
        return False
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return any(_called_name(called) == "run_sql_file" for called in calls)


def _called_name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:16]


def _is_left_out(node: ast.stmt) -> bool:
    match node:
        case ast.Import() | ast.ImportFrom() | ast.FunctionDef(name="downgrade"):
            return True
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name in IDENTIFIERS
    return _is_docstring(node)


def _is_docstring(node: ast.AST) -> bool:
    match node:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
    return False


def _is_info(node: ast.AST) -> bool:
    """Whether it is the argument `info`, which consents to a loss of data: no statement depends on it."""
    return isinstance(node, ast.keyword) and node.arg == "info"


def _words(value: object) -> Iterator[str]:
    """Yield a text of a tree that is the same in all versions of Python."""
    if isinstance(value, ast.AST):
        yield f"({type(value).__name__}"
        for field, child in ast.iter_fields(value):
            words = "" if field in LEFT_OUT or child is None else "".join(_words(child))
            if words:
                yield f" {field}={words}"
        yield ")"
    elif isinstance(value, list):
        for child in value:
            if not _is_docstring(child) and not _is_info(child):
                yield from _words(child)
    else:
        yield repr(value)
