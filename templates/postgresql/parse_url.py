

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


{% include 'unknown_options.py' %}