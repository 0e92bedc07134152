    return sqlalchemy.make_url(
        "mysql://root@127.0.0.1:3306/{{ cookiecutter.__package }}",  # as in compose.yaml
    )


@sqlalchemy.event.listens_for(sqlalchemy.Engine, "do_connect")
def _send_password_as_utf8(
    dialect: sqlalchemy.Dialect,
    _: object,
    __: object,
    options: dict[str, object],
) -> None:
    password = options.get("password")
    if dialect.driver in {"pymysql", "aiomysql"} and isinstance(password, str):
        options["password"] = password.encode().decode("latin-1")  # which they encode it in
