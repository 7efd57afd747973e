"""Whom a TLS connection trusts."""

import errno
import ssl
from pathlib import Path

from edged.files import read

MOST_BYTES = 2**22  # the authorities of a whole distribution take 200 KiB
_BEGINS = "-----BEGIN CERTIFICATE-----"


def client_context(ca_file: str = "") -> ssl.SSLContext:
    """`ca_file` holds the only authorities to be trusted, in PEM; empty: the machine's.

    OpenSSL would wait for ever for a FIFO, so the file is read here.

    Raises:
        OSError: it cannot be read, or holds no certificate.
    """
    if not ca_file:
        return ssl.create_default_context()
    text = read(Path(ca_file), MOST_BYTES).decode(
        "ascii", errors="ignore"
    )  # names in comments may be of any script
    if _BEGINS not in text:  # an empty text would mean the machine's authorities
        raise OSError(errno.EINVAL, f"it holds no certificate ({_BEGINS} is wanted)", ca_file)
    try:
        return ssl.create_default_context(cadata=text)
    except ssl.SSLError as error:
        raise OSError(
            errno.EINVAL, "it holds no certificate that can be used (PEM is wanted)", ca_file
        ) from error
