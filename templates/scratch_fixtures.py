

def pytest_configure(config: pytest.Config) -> None:
    """Set DATABASE_URL to a scratch database, before a test module imports the engine."""
    scratch = ExitStack()
    try:
        with plain_errors():
            url = scratch.enter_context(scratch_database(migration_url()))
    except CommandError as error:
        raise pytest.UsageError(str(error)) from error
    config.add_cleanup(scratch.close)
    os.environ["DATABASE_URL"] = url.render_as_string(hide_password=False)
    os.environ.pop("MIGRATION_DATABASE_URL", None)  # it may be that of a real database


def create_tables() -> None:
    """Create the tables of the models in the scratch database."""
    engine = create_engine(migration_url())
    with engine.begin() as connection:
        create_all(connection, Base.metadata)
    engine.dispose()
