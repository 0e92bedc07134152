"""Private names of Alembic and SQLAlchemy stand in compat.py alone, and are few."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[2] / "{{cookiecutter.project_slug}}" / "libs" / "alembic_guards"
MODULES = sorted(LIBRARY.rglob("*.py"))

#: Those of the standard library, which documents them.
DOCUMENTED = {"_asdict", "_fields", "_replace"}

#: All that compat.py may use, and thus all that a new release of either may break.
PRIVATE = {
    "_creation_order",
    "_creator_ddl",
    "_db_current_indicator",
    "_get_table_sql",
    "_invoke",
    "_migrations_fn",
    "_namespace_metadata",
    "_prefixes",
    "_proxy",
    "_render_cmd_body",
    "_render_constraint",
    "_resolve_type_affinity",
    "_sequences",
    "_should_create_for_compiler",
    "_should_execute",
    "_type_affinity",
    "_upgrade_revs",
    "_variant_mapping",
    "_version",
}


def private_names(tree: ast.AST) -> Iterator[str]:
    """Yield the private names that a module takes from others: imports, and attributes of no class
    of its own."""
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    own |= {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom):
            names = [*str(node.module).split("."), *(alias.name for alias in node.names)]
        elif isinstance(node, ast.Attribute):
            names = [node.attr]
        for name in names:
            if name.startswith("_") and not name.startswith("__") and name not in own | DOCUMENTED:
                yield name


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_a_module_uses_no_private_name_of_others(path: Path) -> None:
    found = set(private_names(ast.parse(path.read_text(encoding="utf-8"))))
    assert found == (PRIVATE if path.name == "compat.py" else set())


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_code_is_executed_in_one_place(path: Path) -> None:
    calls = {
        node.func.id
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    wanted = {"exec"} if path.name == "code.py" else set()
    assert calls & {"eval", "exec", "compile", "__import__"} == wanted
