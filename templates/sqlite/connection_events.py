

@sqlalchemy.event.listens_for({{ cookiecutter.__sync_engine }}, "connect")
def _configure(connection: sqlalchemy.engine.interfaces.DBAPIConnection, _: object) -> None:
    # The driver would send BEGIN too late for a savepoint; _begin() below sends it in time.
    engine.dialect.set_isolation_level(connection, "AUTOCOMMIT")
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")  # SQLite does not enforce them by default
    cursor.close()


@sqlalchemy.event.listens_for({{ cookiecutter.__sync_engine }}, "begin")
def _begin(connection: sqlalchemy.Connection) -> None:
    connection.exec_driver_sql("BEGIN")
