"""A throw-away certificate for the names of this machine and the address of the server, made by the openssl program.

Python has no function that makes a certificate. The certificate is not an authority: a client that trusts it trusts
only this key for these names. The file of the key is removed before the server starts, that of the certificate when it
stops.
"""

import re
import shutil
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

from edged.errors import ConfigError
from edged.files import to_write
from edged.tls import server_context

DAYS = 30
LONGEST_S = 30.0  # to make a key on a slow board
PROGRAM = "openssl"
_CONFIG = """\
[req]
distinguished_name = name
[name]
[server]
basicConstraints = critical, CA:FALSE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1{more}
"""
_NAME = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")  # what a configuration of openssl takes as it is


@contextmanager
def certificate(host: str = "") -> Iterator[tuple[Path, ssl.SSLContext]]:
    """The file with the certificate, for clients to trust, and the context of a server that shows it.

    `host` is the name or address of the server, if it may be reached from other machines.

    Raises:
        ConfigError: the certificate cannot be made; the message says what to do.
    """
    if shutil.which(PROGRAM) is None:
        raise ConfigError(
            [
                "--tls: the openssl program is missing (apt install openssl; or use a certificate of your own: --cert)"
            ]
        )
    try:
        temporary = tempfile.TemporaryDirectory(prefix="edged-serve-")
    except OSError as error:
        raise ConfigError([f"--tls: no temporary folder can be made: {error.strerror or error}"]) from error
    with temporary as folder:
        cert, key = Path(folder) / "cert.pem", Path(folder) / "key.pem"
        try:
            _make(Path(folder), cert, key, host)
            context = server_context(cert, key)
            key.unlink()
        except OSError as error:
            raise ConfigError([f"--tls: {error.filename or PROGRAM}: {error.strerror or error}"]) from error
        yield cert, context


def _make(folder: Path, cert: Path, key: Path, host: str) -> None:
    config = folder / "openssl.cnf"
    with to_write(config) as file:
        file.write(_CONFIG.format(more=_entry(host)).encode())
    kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-sha256")
    about = ("-config", str(config), "-extensions", "server", "-subj", "/CN=localhost", "-days", str(DAYS))
    command = [PROGRAM, "req", "-x509", *kind, *about, "-keyout", str(key), "-out", str(cert)]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=LONGEST_S)  # noqa: S603 a fixed list
    except subprocess.SubprocessError as error:
        said = (getattr(error, "stderr", None) or b"").decode(errors="replace").split("\n")
        why = next((line.strip() for line in reversed(said) if line.strip()), str(error))
        raise ConfigError(
            [f"--tls: openssl cannot make a certificate: {why[:200]} (use your own: --cert)"]
        ) from error
    config.unlink()


def _entry(host: str) -> str:
    """The entry for a further name; empty for no name, and for "all addresses"."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return f", DNS:{host}" if _NAME.fullmatch(host) else ""
    return "" if address.is_unspecified else f", IP:{address}"
