"""Writes a function of Python as code of a revision, which imports nothing of the project.

A function of the standard library or of an installed package is imported. One of the project that returns an
expression is copied: it may change or go later, and the revision must not.
"""

import ast
import builtins
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from importlib import import_module
from importlib.util import resolve_name
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

#: The values of global names that a copy holds as literals, where the code has them as literals, too.
CONSTANTS = (str, int, float, bool, bytes, tuple, type(None))

#: The arguments of a functools.partial, which does not tell where they are from: a text may be a secret.
ARGUMENTS = (int, float, bool, type(None))

#: The folders of installed packages.
INSTALLED = {"site-packages", "dist-packages"}


class Code(NamedTuple):
    """An expression that is a function, and the modules that it needs."""

    text: str
    modules: frozenset[str] = frozenset()

    def converted(self, conversion: str) -> "Code":
        """Return the code of a function that converts the result, by an expression such as "str({})"."""
        is_lambda = self.text.startswith("lambda: ")
        body = self.text.removeprefix("lambda: ") if is_lambda else f"{self.text}()"
        converted = ast.parse(f"lambda: {conversion.format(body)}", mode="eval")
        return self._replace(text=ast.unparse(converted))


class _NotCopied(Exception):
    """A function reads what a revision cannot hold."""


def code_of(function: Callable[[], Any]) -> Code | None:
    """Return the code of a function without arguments; None if it can be neither imported nor copied."""
    try:
        if (path := _path_of(function)) is not None:
            module, name = path
            return (
                Code(name)
                if module == "builtins"
                else Code(f"{module}.{name}", frozenset({module}))
            )
        if type(function).__name__ == "partial" and type(function).__module__ == "functools":
            return _partial(function)
        return _copied(function) if isinstance(function, FunctionType) else None
    except (_NotCopied, OSError, SyntaxError, TypeError, ValueError):
        return None


def constant_of(code: Code) -> tuple[Any] | None:
    """Return the value of a function that returns a literal, in a tuple; None for other functions."""
    try:
        return (ast.literal_eval(code.text.removeprefix("lambda: ")),)
    except (ValueError, SyntaxError):
        return None


def _path_of(value: Any) -> tuple[str, str] | None:
    """Return the module and the name by which a value can be imported from outside of the project."""
    owner = getattr(value, "__self__", None)
    homes = (value, owner, type(owner), type(value))
    modules = (getattr(home, "__module__", None) for home in homes)
    names = (getattr(value, "__qualname__", ""), getattr(value, "__name__", ""))
    for module in dict.fromkeys(filter(None, modules)):
        if not isinstance(module, str) or _is_own(module):
            continue
        for name in filter(None, names):
            if _attribute(module, name) == value:
                return module, name
    return None


def _attribute(module: str, name: str) -> Any:
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _is_own(module: str) -> bool:
    """Whether a module is one of the project: neither of the standard library nor installed."""
    root = module.partition(".")[0]
    if root in sys.stdlib_module_names:
        return root == "__main__"
    file = getattr(sys.modules.get(root), "__file__", None)
    return file is None or not INSTALLED & set(Path(file).parts)


def _partial(function: Any) -> Code | None:
    """Return the code of a functools.partial: a call with numbers."""
    path = _path_of(function.func)
    arguments = [*function.args, *function.keywords.values()]
    if path is None or not all(isinstance(value, ARGUMENTS) for value in arguments):
        return None
    given = [repr(value) for value in function.args]
    given += [f"{name}={value!r}" for name, value in function.keywords.items()]
    return Code(f"lambda: {'.'.join(path)}({', '.join(given)})", frozenset({path[0]}))


def _copied(function: FunctionType) -> Code:
    """Return the expression that a function returns, with the names of modules and constants in full."""
    code = function.__code__
    if code.co_freevars or code.co_argcount or code.co_kwonlyargcount:
        raise _NotCopied  # it reads variables of another function, or takes arguments
    node = _node_of(code)
    names = _Names(function)
    body = names.visit(deepcopy(node.body if isinstance(node, ast.Lambda) else _returned(node)))
    text = f"lambda: {ast.unparse(body)}"
    if isinstance(body, ast.Call) and not (body.args or body.keywords):
        text = text.removeprefix("lambda: ").removesuffix("()")
    return Code(text, frozenset(names.modules))


def _node_of(code: CodeType) -> Any:
    """Return the syntax tree of a function, from its file."""
    tree = ast.parse(Path(code.co_filename).read_text(encoding="utf-8"))
    places = set(code.co_positions()) if code.co_name == "<lambda>" else set()
    for node in ast.walk(tree):
        first = getattr(node, "lineno", None)
        if isinstance(node, ast.FunctionDef) and (node.name, first) == (
            code.co_name,
            code.co_firstlineno,
        ):
            return node
        if isinstance(node, ast.Lambda) and _span(node.body) in places:
            return node
    raise _NotCopied


def _span(node: ast.expr) -> tuple[int | None, ...]:
    """Return the place of an expression, in the form of `co_positions()`."""
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


def _returned(node: ast.FunctionDef) -> ast.expr:
    """Return the expression of a function that does nothing but return one."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    only = body[0] if len(body) == 1 else None
    if not isinstance(only, ast.Return) or only.value is None or node.decorator_list:
        raise _NotCopied
    return only.value


class _Names(ast.NodeTransformer):
    """Replaces global names by what a revision can hold; raises _NotCopied for what it cannot."""

    def __init__(self, function: FunctionType) -> None:
        self.globals = function.__globals__
        self.locals = {*_locals(function.__code__)}
        self.modules: set[str] = set()

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Return the name of a module with its attribute, or a literal."""
        if node.id in self.locals or not isinstance(node.ctx, ast.Load):
            return node
        if node.id not in self.globals:
            if hasattr(builtins, node.id):
                return node
            raise _NotCopied
        value = self.globals[node.id]
        if isinstance(value, ModuleType) and not _is_own(value.__name__):
            return self._imported(value.__name__)
        if isinstance(value, CONSTANTS) and type(value) in CONSTANTS:
            return self._constant(node.id, value)
        path = _path_of(value) or self._instance(node.id, value)
        if path is None:
            raise _NotCopied
        return self._imported(*path)

    def _constant(self, name: str, value: Any) -> ast.expr:
        """Return a constant as a literal, or by its name in a module that is not one of the project.

        One that is computed is not copied: it may be a secret of the environment.
        """
        module = str(self.globals.get("__name__", ""))
        seen = set[tuple[str, str]]()
        while _is_own(module):
            if (module, name) in seen:
                raise _NotCopied
            seen.add((module, name))
            tree = _tree_of(module)
            if _is_literal(tree, name, value):
                return ast.parse(repr(value), mode="eval").body
            module, name = _import_of(tree, name, module)
        if _attribute(module, name) is not value:
            raise _NotCopied
        return self._imported(module, name)

    def _instance(self, name: str, value: Any) -> tuple[str, str] | None:
        """Return the module and the name of an object such as datetime.UTC, beside its class."""
        module = type(value).__module__
        is_there = not _is_own(module) and getattr(import_module(module), name, None) is value
        return (module, name) if is_there else None

    def _imported(self, *path: str) -> ast.expr:
        if path[0] != "builtins":
            self.modules.add(path[0])
        return ast.parse(".".join(path).removeprefix("builtins."), mode="eval").body


def _tree_of(module: str) -> ast.Module:
    """Return the syntax tree of an imported module."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is None:
        raise _NotCopied
    return ast.parse(Path(file).read_bytes())


def _is_literal(tree: ast.Module, name: str, value: Any) -> bool:
    """Whether a module assigns to a name a literal that has a value."""
    for node in ast.walk(tree):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=found)], value=ast.expr() as assigned)
                | ast.AnnAssign(target=ast.Name(id=found), value=ast.expr() as assigned)
            ) if found == name:
                with suppress(ValueError):
                    literal = ast.literal_eval(assigned)
                    if (type(literal), literal) == (type(value), value):
                        return True
    return False


def _import_of(tree: ast.Module, name: str, module: str) -> tuple[str, str]:
    """Return the module from which one imports a name, and the name there."""
    package = getattr(sys.modules.get(module), "__package__", None)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return resolve_name("." * node.level + (node.module or ""), package), alias.name
    raise _NotCopied


def _locals(code: CodeType) -> Iterator[str]:
    """Yield the names of the variables of a function, and of the functions in it."""
    yield from (*code.co_varnames, *code.co_cellvars)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _locals(constant)
