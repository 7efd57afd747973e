"""What it means when an attempt to connect is refused: by TLS, by an answer, by a proxy. Pure.

Each gives the cause and its words; the causes' reactions stand in causes.py. What a service's own words mean:
dial/diagnosis.py. What its error codes mean in a session: error_codes.py.
"""

from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from edged.dial import diagnosis
from edged.dial.service_words import ServiceWords

# Results of OpenSSL's verification (X509_V_ERR_*)
NOT_YET_VALID = 9
EXPIRED = 10
UNKNOWN_ISSUER = {18, 19, 20, 21}  # self-signed, or of an authority that is not known here
OTHER_NAME = {62, 64}  # not for this host, not for this address

# How OpenSSL names an answer that is no TLS at all
_NOT_TLS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"}
REDIRECTS = {300, 301, 302, 303, 307, 308}
_NOTHING = ServiceWords()

Verdict = tuple[str, str]
"""The id of a cause, and what happened in words."""


def of_certificate(code: int, said: str, *, clock_behind: bool) -> Verdict:
    """A certificate that does not hold; `said` is OpenSSL's own wording."""
    if code == NOT_YET_VALID or clock_behind:
        return "clock_unset", f"the certificate does not hold by this machine's clock ({said})"
    if code in OTHER_NAME:
        return "captive_portal", f"somebody else answers: the certificate is not for this host ({said})"
    if code in UNKNOWN_ISSUER:
        words = (
            "the certificate is of an authority that is not known here; if it is yours: `provider.ca_file`"
        )
        return "tls_failed", f"{words} ({said})"
    if code == EXPIRED:
        return "tls_failed", "the certificate has expired"
    return "tls_failed", f"the certificate does not hold ({said})"


def of_tls(reason: str) -> Verdict:
    """A TLS handshake that failed otherwise."""
    if reason in _NOT_TLS:
        return "captive_portal", "somebody else answers: this is not TLS"
    return "tls_failed", f"no secure connection ({reason or 'TLS'})"


def of_answer(status: int, location: str, *, secure: bool, said: ServiceWords = _NOTHING) -> Verdict:
    """An HTTP answer that is no change to WebSocket. A redirect is never followed: it would carry the key along.

    Over TLS whoever answers has the service's certificate, and no network can stand in its place: a redirect or a
    page is the service's own, at a wrong address.
    """
    cause = diagnosis.of_answer(status, said)
    words = f"answered HTTP {status}"
    if status in REDIRECTS:
        cause = diagnosis.of_status(status)
        words += f", a redirect to {origin(location) or 'another address'}, which is not followed"
    elif said:
        words += f": {said.text}"
    if cause == "captive_portal" and secure and status != 511:
        return "model_refused", f"{words}; that is not the address of a realtime service"
    return cause, words


def origin(location: str) -> str:
    """Host of a redirect, in the words of whoever answers; its path may be long and hold anything."""
    try:
        return (urlsplit(location).hostname or "")[:100]
    except ValueError:
        return ""


def of_proxy(status: int) -> Verdict:
    """A proxy that does not let us through."""
    if status == 407:
        return "proxy_refused", "the proxy wants another name and password (HTTP 407)"
    if status in (502, 503, 504):
        return "unreachable", f"the proxy can not reach the service (HTTP {status})"
    return "proxy_refused", f"the proxy refuses (HTTP {status})"


def retry_after_s(value: str | None, wall: float) -> float | None:
    """Seconds that a Retry-After header asks for (a number or a date); None where it says nothing of use."""
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - wall)
    except (ValueError, OverflowError):
        return None
