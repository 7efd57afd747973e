"""Whom a TLS connection trusts."""

import errno
import os
import ssl
from pathlib import Path

from edged.files import read

MOST_BYTES = 2**22  # the authorities of a whole distribution take 200 KiB


def client_context(ca_file: str = "") -> ssl.SSLContext:
    """`ca_file` holds the only authorities to be trusted, in PEM; empty: the machine's.

    OpenSSL would wait for ever for a FIFO, so the file is read here. OpenSSL gets it as a file all the same: of a text
    it takes plain certificates only, and neither those that say what they are trusted for nor revocations.

    Raises:
        OSError: it cannot be read, or holds no certificate.
    """
    if not ca_file:
        return ssl.create_default_context()
    text = read(Path(ca_file), MOST_BYTES)
    with os.fdopen(os.memfd_create("authorities"), "wb") as memory:
        memory.write(text)
        memory.flush()
        try:
            return ssl.create_default_context(cafile=f"/proc/self/fd/{memory.fileno()}")
        except ssl.SSLError as error:
            why = "it holds no certificate that can be used (PEM is wanted)"
            raise OSError(errno.EINVAL, why, ca_file) from error
