def _without_unknown_options(name: str, url: sqlalchemy.URL) -> sqlalchemy.URL:
    unknown = UNKNOWN_OPTIONS & url.query.keys()
    for option in sorted(unknown):
        _log_unknown_option(name, option)
    return url.difference_update_query(unknown)


@cache  # once for each option
def _log_unknown_option(name: str, option: str) -> None:
    message = "%s: the driver has no option %s; it is ignored."
    logging.getLogger(__name__).warning(message, name, option)
