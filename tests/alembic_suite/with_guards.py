"""A plugin of pytest that runs Alembic's own tests with the guards installed."""

import pytest


@pytest.hookimpl(trylast=True)
def pytest_sessionstart() -> None:
    """Install all that an env.py with the guards installs, once Alembic's own plugin is ready."""
    from alembic.runtime.plugins import Plugin
    from alembic_guards import authoring, plugin, runtime

    runtime.install()
    authoring.install()
    Plugin.setup_plugin_from_module(plugin, plugin.NAME)
