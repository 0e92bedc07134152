

#: Options of other drivers that providers write into a URL.
UNKNOWN_OPTIONS = {"connection_limit", "pgbouncer", "pool_timeout", "statement_cache_size"}


def _parse_url(name: str, text: str) -> sqlalchemy.URL:
    # SQLAlchemy takes several hosts, and a folder with a socket, as options.
    found = re.fullmatch(r"([^/]*//(?:[^@/]*@)?)([^@/?]*[,%][^@/?]*)(/[^?]*)[?]?(.*)", text)
    if found:
        before, hosts, path, rest = found.groups()
        options = [f"host={host}" for host in hosts.split(",")]
        text = f"{before}{path}?{'&'.join(options)}&{rest}"
    url = _without_unknown_options(name, sqlalchemy.make_url(text))
    query = dict(url.query)
    if schema := query.pop("schema", ""):
        query["options"] = f'{query.get("options", "")} -csearch_path="{schema}"'.strip()
    if mode := query.pop("ssl", ""):
        query.setdefault("sslmode", {"true": "require", "false": "disable"}.get(str(mode), mode))
    return url.set(query=query)


def _without_unknown_options(name: str, url: sqlalchemy.URL) -> sqlalchemy.URL:
    unknown = UNKNOWN_OPTIONS & url.query.keys()
    for option in sorted(unknown):
        _log_unknown_option(name, option)
    return url.difference_update_query(unknown)


@cache  # once for each option
def _log_unknown_option(name: str, option: str) -> None:
    message = "%s: the driver has no option %s; it is ignored."
    logging.getLogger(__name__).warning(message, name, option)
