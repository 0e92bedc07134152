    return sqlalchemy.make_url(
        "mysql://root@127.0.0.1:3306/{{ cookiecutter.__package }}",  # as in compose.yaml
    )


@sqlalchemy.event.listens_for(sqlalchemy.Engine, "do_connect")
def _complete_options(
    dialect: sqlalchemy.Dialect,
    _: object,
    __: object,
    options: dict[str, Any],
) -> None:
    if dialect.driver not in {"pymysql", "aiomysql"}:
        return
    options.setdefault("init_command", "SET time_zone = '+00:00'")  # NOW() returns UTC
    password = options.get("password")
    if isinstance(password, str):
        options["password"] = password.encode().decode("latin-1")  # which they encode it in
    modes = {name: str(options.pop(name)) for name in TLS_OPTIONS if name in options}
    files: Any = options.pop("ssl", {})
    if isinstance(files, str):  # such as ?ssl=true
        files, modes = {}, {**modes, "ssl": files}
    if isinstance(files, ssl.SSLContext):
        options["ssl"] = files
    elif context := _tls_context(files, modes):
        options["ssl"] = context  # PyMySQL would take files, too, and aiomysql nothing else
