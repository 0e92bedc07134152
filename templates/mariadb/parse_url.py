

#: Options of other drivers that providers write into a URL.
UNKNOWN_OPTIONS = {"connection_limit", "pool_timeout", "reconnect", "serverVersion"}
#: The names of the option that says whether the connection has TLS, and whether it is verified.
MODES = ("ssl-mode", "ssl_mode", "sslmode", "sslaccept")


def _tls_context(files: dict[str, Any], mode: str) -> ssl.SSLContext | None:
    has_authority = "ca" in files or "capath" in files
    if mode in {"DISABLED", "PREFERRED", "FALSE"} or not (mode or files):
        return None
    context = ssl.create_default_context(cafile=files.get("ca"), capath=files.get("capath"))
    strict = mode in {"VERIFY_IDENTITY", "STRICT"}
    named = not mode and has_authority and files.get("check_hostname", True)
    context.check_hostname = strict or named
    if not (strict or has_authority or mode == "VERIFY_CA"):
        context.verify_mode = ssl.CERT_NONE
    if "cert" in files:
        context.load_cert_chain(files["cert"], files.get("key"))
    if "cipher" in files:
        context.set_ciphers(files["cipher"])
    return context


def _without_unknown_options(name: str, url: sqlalchemy.URL) -> sqlalchemy.URL:
    unknown = UNKNOWN_OPTIONS & url.query.keys()
    for option in sorted(unknown):
        _log_unknown_option(name, option)
    return url.difference_update_query(unknown)


@cache  # once for each option
def _log_unknown_option(name: str, option: str) -> None:
    message = "%s: the driver has no option %s; it is ignored."
    logging.getLogger(__name__).warning(message, name, option)
