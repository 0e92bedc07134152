"""The TLS mode in a URL of MariaDB: each name of a mode, unknown modes, and options together."""

import runpy
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader
from sqlalchemy.exc import ArgumentError

TlsContext = Callable[..., ssl.SSLContext | None]

TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).parents[2] / "templates"))

VERIFIED = (ssl.CERT_REQUIRED, True)
AUTHORITY = (ssl.CERT_REQUIRED, False)
ENCRYPTED = (ssl.CERT_NONE, False)


@pytest.fixture
def tls_context(tmp_path: Path) -> TlsContext:
    """The function of the template that makes the context of a connection."""
    files = ("mariadb/settings_imports.py", "mariadb/parse_url.py")
    texts = [TEMPLATES.get_template(file).render() for file in files]
    module = tmp_path / "settings.py"
    module.write_text("\n".join(["from sqlalchemy.exc import ArgumentError", *texts]))
    function: TlsContext = runpy.run_path(str(module))["_tls_context"]
    return function


@pytest.fixture
def authority(tmp_path: Path) -> dict[str, Any]:
    """The option ssl_ca, with a file of an authority."""
    file = tmp_path / "ca.pem"
    context = ssl.create_default_context()
    loaded = context.get_ca_certs(binary_form=True)
    file.write_text("".join(map(ssl.DER_cert_to_PEM_cert, loaded[:1])))
    return {"ca": str(file)}


@pytest.mark.parametrize(
    ("mode", "verification"),
    [
        *((mode, None) for mode in ("DISABLED", "disable", "false", "PREFERRED", "prefer")),
        *((mode, ENCRYPTED) for mode in ("REQUIRED", "require", "true", "accept_invalid_certs")),
        *((mode, AUTHORITY) for mode in ("VERIFY_CA", "verify-ca")),
        *((mode, VERIFIED) for mode in ("VERIFY_IDENTITY", "verify-full", "strict")),
    ],
)
def test_each_name_of_a_mode(tls_context: TlsContext, mode: str, verification: object) -> None:
    context = tls_context({}, {"sslmode": mode})
    assert (context and (context.verify_mode, context.check_hostname)) == verification


@pytest.mark.parametrize(
    "modes",
    [
        {"sslmode": "verify-ful"},
        {"ssl-mode": ""},
        {"sslmode": "('require', 'verify-full')"},  # the option twice
        {"sslmode": "require", "ssl-mode": "VERIFY_IDENTITY"},
        {"sslaccept": "strict", "ssl": "true"},
    ],
)
def test_an_unknown_mode_and_two_different_ones_are_refused(
    tls_context: TlsContext, modes: dict[str, str]
) -> None:
    option = "&".join("=".join(item) for item in modes.items())
    with pytest.raises(ArgumentError, match="^.*$") as raised:
        tls_context({}, modes)
    assert f"The connection option {option} " in str(raised.value)


def test_two_names_of_one_mode(tls_context: TlsContext) -> None:
    context = tls_context({}, {"sslmode": "verify-full", "sslaccept": "strict"})
    assert context and (context.verify_mode, context.check_hostname) == VERIFIED


@pytest.mark.parametrize(
    ("options", "modes", "verification"),
    [
        ({}, {}, VERIFIED),
        ({"check_hostname": False}, {}, AUTHORITY),
        ({}, {"sslmode": "prefer"}, AUTHORITY),
        ({}, {"sslmode": "require"}, AUTHORITY),
        ({"check_hostname": True}, {"sslmode": "verify-ca"}, VERIFIED),
        ({"check_hostname": False}, {"sslmode": "verify-full"}, VERIFIED),
        ({}, {"sslmode": "disable"}, None),
    ],
)
def test_other_options_never_weaken_a_mode(
    tls_context: TlsContext,
    authority: dict[str, Any],
    options: dict[str, Any],
    modes: dict[str, str],
    verification: object,
) -> None:
    context = tls_context({**authority, **options}, modes)
    assert (context and (context.verify_mode, context.check_hostname)) == verification


def test_a_host_name_is_checked_without_an_authority_of_its_own(
    tls_context: TlsContext,
) -> None:
    context = tls_context({"check_hostname": True}, {})
    assert context and (context.verify_mode, context.check_hostname) == VERIFIED
