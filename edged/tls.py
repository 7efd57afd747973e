"""The authorities that a TLS connection trusts."""

import errno
import os
import ssl
from pathlib import Path

from edged.files import read

MOST_BYTES = 2**22  # all authorities of a Linux distribution take 200 KiB


def client_context(ca_file: str = "") -> ssl.SSLContext:
    """A context that trusts only the authorities in `ca_file`, in PEM; empty: the machine's.

    This function reads the file itself, because OpenSSL would wait forever for a FIFO. It still gives the content to
    OpenSSL as a file: from a string OpenSSL takes plain certificates only, not certificates with trust settings, and no
    revocation lists.

    Raises:
        OSError: the file cannot be read, or holds no certificate.
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
            problem = "it holds no certificate that edged can use; it must be in PEM format"
            raise OSError(errno.EINVAL, problem, ca_file) from error
