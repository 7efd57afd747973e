"""The TLS options of `edged serve`: your own certificate, or a temporary one."""

import argparse
import signal
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from edged.errors import ConfigError, UsageError

if TYPE_CHECKING:
    import ssl


def add(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("TLS", "With these options, clients connect to wss:// and https://.")
    group.add_argument(
        "--cert", type=Path, metavar="FILE", help="serve TLS with the certificate chain in FILE (PEM)"
    )
    group.add_argument(
        "--key",
        type=Path,
        metavar="FILE",
        help="private key of the certificate (PEM; default: the --cert file also has it). "
        "The keys that clients must send are in --key-file",
    )
    group.add_argument(
        "--tls",
        action="store_true",
        help="serve TLS with a temporary certificate for localhost, 127.0.0.1, ::1 and the name in --host",
    )


def context(args: argparse.Namespace, until_end: ExitStack) -> "tuple[ssl.SSLContext | None, str]":
    """The TLS context, None without TLS; and the line that tells users about a temporary certificate.

    `until_end` removes that certificate.

    Raises:
        ConfigError: A file cannot be used, or no certificate can be made.
        UsageError: The options contradict each other.
    """
    if args.key and not args.cert:
        raise UsageError(
            "--key is the private key of a certificate: add --cert. The keys that clients must send are in --key-file"
        )
    if args.tls and args.cert:
        raise UsageError("--tls makes a certificate, and --cert names one: use one of them")
    if args.cert:
        return _own(args.cert, args.key or args.cert), ""
    if not args.tls:
        return None, ""
    from edged.local.throwaway import certificate

    _interrupt_by_signals(until_end)
    file, made = until_end.enter_context(certificate(args.host))
    ways = "provider.ca_file of edged, SSL_CERT_FILE of Python, NODE_EXTRA_CA_CERTS of Node"
    return made, f"\ncertificate {file} (until it stops; to trust it: {ways})"


def _interrupt_by_signals(until_end: ExitStack) -> None:
    """These signals end the process as Ctrl-C does, so that the certificate is removed while edged starts, too."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        before = signal.getsignal(number)
        if before is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)
            until_end.callback(signal.signal, number, before)


def _own(cert: Path, key: Path) -> "ssl.SSLContext":
    from edged.tls import server_context

    try:
        return server_context(cert, key)
    except OSError as error:
        option = "--cert" if error.filename == str(cert) else "--key"
        raise ConfigError([f"{option} {error.filename}: {error.strerror or error}"]) from error
