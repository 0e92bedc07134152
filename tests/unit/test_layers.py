"""Each layer of the library imports only those below it, and an upgrade imports no other."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

LIBS = Path(__file__).parents[2] / "{{cookiecutter.project_slug}}" / "libs"
LIBRARY = LIBS / "alembic_guards"
MODULES = sorted(LIBRARY.rglob("*.py"))

#: What the modules of each layer may import of the library.
ALLOWED = {
    "authoring": {"authoring", "compat", "database", "errors", "runtime", "terminal"},
    "runtime": {"compat", "database", "errors", "runtime", "terminal"},
    "database": {"compat", "database", "errors"},
    "errors": {"errors", "terminal"},
    "terminal": {"terminal"},
    "compat": {"compat"},
    "plugin": {"authoring"},
    "config": {"authoring", "compat", "database", "plugin", "runtime"},
    "testing": {"authoring", "database"},
    "squawk": set(),
    "__init__": {"config", "errors", "runtime"},
    "__main__": {"authoring", "errors", "runtime"},
}

#: The parts of authoring, lowest first: a module imports its own part and those before it.
PARTS = (
    "operations",
    "row_counts",
    "questions",
    "metadata_copy",
    "normalize",
    "models",
    "comparison",
    "write",
    "find",
    "passes",
    "prove",
    "adopt",
    "pipeline",
)


def layer(path: Path) -> str:
    return path.relative_to(LIBRARY).parts[0].removesuffix(".py")


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield the layers that a module imports, wherever the import stands."""
    yield from (name.partition(".")[0] for name in imported_names(tree))


def imported_names(tree: ast.AST) -> Iterator[str]:
    """Yield what a module imports of the library, without the name of the library."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute: a reader sees where a name is from"
            module = str(node.module)
            names = [f"{module}.{alias.name}" for alias in node.names]
        for name in names:
            package, _, rest = name.partition(".")
            if package == "alembic_guards" and rest:
                yield rest


def module_of(name: str) -> str:
    """Return the module that an imported name is or is in, "" for the library itself."""
    path = LIBRARY.joinpath(*name.split("."))
    if path.with_suffix(".py").exists() or path.is_dir():
        return name
    return name.rpartition(".")[0]


def dependencies() -> dict[str, set[str]]:
    """Return the modules that each module of the library imports when it is loaded."""
    found: dict[str, set[str]] = {}
    for path in MODULES:
        name = ".".join(path.relative_to(LIBRARY).with_suffix("").parts).removesuffix("__init__")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        loaded = ast.Module(
            [node for node in tree.body if not isinstance(node, ast.FunctionDef)], []
        )
        found[name.rstrip(".")] = {module_of(each) for each in imported_names(loaded)}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_a_module_imports_only_what_its_layer_may(path: Path) -> None:
    found = set(imports(ast.parse(path.read_text(encoding="utf-8"))))
    assert found <= ALLOWED[layer(path)]


@pytest.mark.parametrize(
    "path", sorted((LIBRARY / "authoring").rglob("*.py")), ids=lambda path: path.name
)
def test_a_part_of_authoring_imports_only_those_before_it(path: Path) -> None:
    part = path.relative_to(LIBRARY / "authoring").parts[0].removesuffix(".py")
    names = imported_names(ast.parse(path.read_text(encoding="utf-8")))
    found = {name.split(".")[1] for name in names if name.startswith("authoring.")}
    if part == "__init__":
        assert found == {"write"}
    else:
        assert found <= {*PARTS[: PARTS.index(part) + 1]}


def test_no_modules_import_each_other() -> None:
    assert [*TopologicalSorter(dependencies()).static_order()]


def test_every_module_says_what_it_is_for() -> None:
    texts = {path: ast.get_docstring(ast.parse(path.read_text())) for path in MODULES}
    assert not [path for path, text in texts.items() if not text]


def test_no_package_exports_a_name_under_the_name_of_its_module() -> None:
    for package in {path.parent for path in MODULES}:
        modules = {path.stem for path in package.glob("*.py")}
        modules |= {path.parent.name for path in package.glob("*/__init__.py")}
        tree = ast.parse((package / "__init__.py").read_text())
        names = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
            if node.module != "alembic_guards" + ".".join(("", *package.relative_to(LIBRARY).parts))
        }
        names |= {
            node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)
        }
        assert not names & modules, package


@pytest.mark.parametrize("module", ["alembic_guards.config", "alembic_guards.runtime.runner"])
def test_what_an_upgrade_imports_is_nothing_of_authoring(module: str) -> None:
    code = f"import sys, {module}; print([m for m in sys.modules if 'authoring' in m])"
    run = subprocess.run(
        [sys.executable, "-B", "-c", code], cwd=LIBS, capture_output=True, text=True, check=True
    )
    assert run.stdout == "[]\n"


def test_an_upgrade_knows_each_operation_that_a_revision_may_hold() -> None:
    code = """
from alembic.operations import Operations
from alembic_guards import runtime
runtime.install()
print([hasattr(Operations, name) for name in ("backfill", "rebuild_table", "rename_value", "run_sql_file")])
"""
    run = subprocess.run(
        [sys.executable, "-B", "-c", code], cwd=LIBS, capture_output=True, text=True, check=True
    )
    assert run.stdout == "[True, True, True, True]\n"
