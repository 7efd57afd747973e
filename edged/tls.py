"""Which authorities a TLS connection trusts, and which certificate a TLS server shows.

This module reads every file itself, because OpenSSL would wait forever for a FIFO. It still gives the content to
OpenSSL as a file in memory: OpenSSL takes more kinds of content from files than from strings.
"""

import errno
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edged.files import read

MOST_BYTES = 2**22  # all authorities of a Linux distribution take 200 KiB


def client_context(ca_file: str = "") -> ssl.SSLContext:
    """A context that trusts only the authorities in `ca_file`, in PEM; empty: the machine's.

    From a string OpenSSL takes plain certificates only, not certificates with trust settings, and no revocation lists.

    Raises:
        OSError: the file cannot be read, or holds no certificate.
    """
    if not ca_file:
        return ssl.create_default_context()
    text = read(Path(ca_file), MOST_BYTES)
    with _in_memory(text) as name:
        try:
            return ssl.create_default_context(cafile=name)
        except ssl.SSLError as error:
            problem = "it holds no certificate that edged can use; it must be in PEM format"
            raise OSError(errno.EINVAL, problem, ca_file) from error


def resuming(context: ssl.SSLContext) -> ssl.SSLContext:
    """The same client's context. Each of its connections resumes the TLS session of the one before, if it can.

    That saves the certificates and their check: some kilobytes, and tens of milliseconds on a Pi (RFC 8446, 2.2). The
    name of the server is part of it. The context holds the TLS state of its last connection. After a handshake that
    failed, the next one is complete: something on the way may not bear a session that is resumed.
    """
    last: dict[str | None, ssl.SSLObject] = {}

    class Resuming(ssl.SSLObject):
        _is_begun = False

        def do_handshake(self) -> None:
            name = self.server_hostname
            before = None if self._is_begun else last.pop(name, None)
            if before is not None and before.session is not None:
                self.session = before.session  # with the ticket that came after the handshake
            self._is_begun = True
            super().do_handshake()
            last.clear()
            last[name] = self

    context.sslobject_class = Resuming
    return context


def server_context(cert: Path, key: Path) -> ssl.SSLContext:
    """A context for a server that shows the certificate chain in `cert`; `key` has its private key. Both are in PEM.

    The two may be the same file.

    Raises:
        OSError: a file cannot be used; `filename` says which, and `strerror` says why and what to do about it.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    show(context, cert, key)
    return context


def show(context: ssl.SSLContext, cert: Path, key: Path) -> None:
    """Let a context show the certificate chain in `cert`, with its private key in `key`. See `server_context`."""
    chain, secret = read(cert, MOST_BYTES), read(key, MOST_BYTES)
    if b"-----BEGIN CERTIFICATE-----" not in chain:
        raise _unfit(cert, "it holds no certificate (it must be in PEM format)")
    if b"PRIVATE KEY-----" not in secret:
        raise _unfit(key, "it holds no private key (it must be in PEM format)")
    if b"ENCRYPTED" in secret:
        raise _unfit(
            key, f"the private key has a passphrase (remove it: openssl pkey -in {key} -out NEW_FILE)"
        )
    with _in_memory(chain) as chain_name, _in_memory(secret) as secret_name:
        try:
            context.load_cert_chain(chain_name, secret_name, password="")
        except ssl.SSLError as error:
            if error.reason == "KEY_VALUES_MISMATCH":
                problem = (
                    f"it is not the key of the certificate in {cert} (use the pair that was made together)"
                )
                raise _unfit(key, problem) from error
            damaged = None if _is_readable(chain_name) else cert
            if error.library != "SSL" or error.reason in (None, "PEM_LIB"):  # it cannot read one of the two
                damaged = damaged or key
            if damaged is not None:
                raise _unfit(damaged, "OpenSSL cannot read it (is the file complete?)") from error
            problem = f"OpenSSL cannot use it with the private key in {key}: {error.reason} (make a new pair)"
            raise _unfit(cert, problem) from error


def _is_readable(name: str) -> bool:
    """Whether OpenSSL can read the certificates in a file."""
    try:
        ssl.create_default_context(cafile=name)
    except ssl.SSLError:
        return False
    return True


def _unfit(path: Path, problem: str) -> OSError:
    return OSError(errno.EINVAL, problem, str(path))


@contextmanager
def _in_memory(content: bytes) -> Iterator[str]:
    """The name of a file in memory with this content."""
    with os.fdopen(os.memfd_create("pem"), "wb") as memory:
        memory.write(content)
        memory.flush()
        yield f"/proc/self/fd/{memory.fileno()}"
