"""A plugin of pytest that runs Alembic's own tests with the guards installed."""

import os
from importlib import import_module
from typing import Any

import pytest


@pytest.hookimpl(trylast=True)
def pytest_sessionstart() -> None:
    """Install all that an env.py with the guards installs, once Alembic's own plugin is ready."""
    from alembic.runtime.plugins import Plugin
    from alembic_guards import authoring, plugin, runtime

    runtime.install()
    authoring.install()
    Plugin.setup_plugin_from_module(plugin, plugin.NAME)
    _answer_questions()


def _answer_questions() -> None:
    """Have the connection that Alembic's tests make up answer as a database without rows does."""
    fixtures: Any = import_module("alembic.testing.fixtures")  # it has no types

    make = fixtures.op_fixture

    def op_fixture(*arguments: Any, **options: Any) -> Any:
        context = make(*arguments, **options)
        if context.connection is not None:
            context.connection.info = {}
            context.connection.scalar = lambda *_: None
            os.environ["ALLOW_DATA_LOSS"] = "1"
        return context

    fixtures.op_fixture = op_fixture


def pytest_runtest_teardown() -> None:
    """Let each test begin without consent."""
    os.environ.pop("ALLOW_DATA_LOSS", None)
