

#: Options of other drivers that providers write into a URL.
UNKNOWN_OPTIONS = {"connection_limit", "pool_timeout", "reconnect", "serverVersion"}
#: The options that name a TLS mode, and MySQL's modes by their names in MySQL, PostgreSQL, Prisma.
TLS_OPTIONS = ("ssl-mode", "ssl_mode", "sslmode", "sslaccept")
TLS_MODES = {
    **dict.fromkeys(["DISABLED", "DISABLE", "FALSE"], "DISABLED"),
    **dict.fromkeys(["PREFERRED", "PREFER", "ALLOW"], "PREFERRED"),
    **dict.fromkeys(["REQUIRED", "REQUIRE", "TRUE", "ACCEPT_INVALID_CERTS"], "REQUIRED"),
    "VERIFY_CA": "VERIFY_CA",
    **dict.fromkeys(["VERIFY_IDENTITY", "VERIFY_FULL", "STRICT"], "VERIFY_IDENTITY"),
}


def _tls_mode(asked: dict[str, str]) -> str:
    names = [name.upper().replace("-", "_") for name in asked.values()]
    modes = {TLS_MODES.get(name, "") for name in names}
    if len(modes) > 1 or "" in modes:
        options = "&".join(f"{option}={name}" for option, name in asked.items())
        known = ", ".join(dict.fromkeys(TLS_MODES.values()))
        message = f"The connection option {options} does not name one TLS mode of {known}"
        raise ArgumentError(message)
    return "".join(modes)


def _tls_context(files: dict[str, Any], asked: dict[str, str]) -> ssl.SSLContext | None:
    mode = _tls_mode(asked)
    if mode == "DISABLED" or (mode in {"", "PREFERRED"} and not files):
        return None
    context = ssl.create_default_context(cafile=files.get("ca"), capath=files.get("capath"))
    has_authority = "ca" in files or "capath" in files
    named = files.get("check_hostname", has_authority and not mode)
    context.check_hostname = bool(mode == "VERIFY_IDENTITY" or named)
    if not (context.check_hostname or has_authority or mode == "VERIFY_CA"):
        context.verify_mode = ssl.CERT_NONE
    if "cert" in files:
        context.load_cert_chain(files["cert"], files.get("key"))
    if "cipher" in files:
        context.set_ciphers(files["cipher"])
    return context


{% include 'unknown_options.py' %}