"""Who is at the address of the service: the doctor connects once more, and sends nothing but a TLS greeting. Blocks."""

import socket
import ssl
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

from edged.dial.endpoint import Endpoint
from edged.doctor import x509
from edged.tls import client_context

TLS_S = 4.0
SPEAKS_S = 2.0


class Shown(NamedTuple):
    """`trip_ms`: how long a connection takes."""

    ends: datetime
    issuer: str
    trip_ms: float


def shown(endpoint: Endpoint) -> Shown:
    """What the service's certificate says; it is valid. Raises OSError or ValueError."""
    began_s = time.monotonic()
    with socket.create_connection((endpoint.host, endpoint.port), TLS_S) as plain:
        trip_ms = (time.monotonic() - began_s) * 1000
        with client_context(endpoint.ca_file).wrap_socket(plain, server_hostname=endpoint.host) as secured:
            about: dict[str, Any] = dict(secured.getpeercert() or {})
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(about["notAfter"])), UTC)
    issuer = {name: value for row in about.get("issuer", ()) for name, value in row}
    return Shown(
        ends, issuer.get("organizationName") or issuer.get("commonName") or "an unknown issuer", trip_ms
    )


def issuer(endpoint: Endpoint) -> str:
    """Whose certificate it is that was refused, as the end of a line: an inspecting proxy has its own name in it."""
    with suppress(OSError, ValueError):
        with (
            socket.create_connection((endpoint.host, endpoint.port), TLS_S) as plain,
            _trusting().wrap_socket(plain, server_hostname=endpoint.host) as secured,
        ):
            about = x509.read(secured.getpeercert(binary_form=True) or b"")
        if about.issuer:
            names = ", ".join(about.names) or "no host"
            return f"; the certificate was issued by {about.issuer} for {names}"
    return ""


def speaks(endpoint: Endpoint) -> str:
    """What answers at the address: `tls`, `no tls`, or nothing, if nobody takes the connection."""
    try:
        with socket.create_connection((endpoint.host, endpoint.port), SPEAKS_S) as plain:
            try:
                with _trusting().wrap_socket(plain, server_hostname=endpoint.host):
                    return "tls"
            except (OSError, ValueError):
                return "no tls"
    except OSError:
        return ""


def _trusting() -> ssl.SSLContext:
    """Takes any certificate: nothing is sent over this connection."""
    anything = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anything.check_hostname, anything.verify_mode = False, ssl.CERT_NONE
    return anything
