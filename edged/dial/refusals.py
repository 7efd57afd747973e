"""The meaning of a refused attempt to connect: refused by TLS, by an HTTP answer or by a proxy. Pure.

Each function returns the cause and a text. causes.py says what edged does about a cause. dial/diagnosis.py has the
meaning of a service's own words, and error_codes.py the meaning of its error codes in a session.
"""

from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from edged.dial import diagnosis
from edged.dial.service_words import ServiceWords

# Results of OpenSSL's verification (X509_V_ERR_*)
NOT_YET_VALID = 9
EXPIRED = 10
UNKNOWN_ISSUER = {18, 19, 20, 21}  # self-signed, or from an authority that this machine does not know
OTHER_NAME = {62, 64}  # a certificate for another host, or for another address

# OpenSSL's reasons for an answer that is not TLS
_NOT_TLS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"}
REDIRECTS = {300, 301, 302, 303, 307, 308}
_NOTHING = ServiceWords()

Verdict = tuple[str, str]
"""The id of a cause, and a text that says what happened."""


def of_certificate(code: int, said: str, *, clock_behind: bool) -> Verdict:
    """A certificate that is not valid; `said` is OpenSSL's own wording."""
    if code == NOT_YET_VALID or clock_behind:
        return "clock_unset", f"by this machine's clock the certificate is not valid ({said})"
    if code in OTHER_NAME:
        return "captive_portal", f"another host answered: the certificate is not for this host ({said})"
    if code in UNKNOWN_ISSUER:
        words = "this machine does not know the certificate's authority; if it is yours: `provider.ca_file`"
        return "tls_failed", f"{words} ({said})"
    if code == EXPIRED:
        return "tls_failed", "the certificate has expired"
    return "tls_failed", f"the certificate is not valid ({said})"


def of_tls(reason: str) -> Verdict:
    """A TLS handshake that failed for a reason other than the certificate."""
    if reason in _NOT_TLS:
        return "captive_portal", "another host answered: the answer is not TLS"
    return "tls_failed", f"no secure connection ({reason or 'TLS'})"


def of_answer(status: int, location: str, *, secure: bool, said: ServiceWords = _NOTHING) -> Verdict:
    """An HTTP answer that does not switch to WebSocket. edged never follows a redirect: it would send the key along.

    Over TLS the answer comes from the holder of the service's certificate, and no network can pretend to be that. So a
    redirect or a page means that the address is wrong.
    """
    cause = diagnosis.of_answer(status, said)
    words = f"answered HTTP {status}"
    if status in REDIRECTS:
        cause = diagnosis.of_status(status)
        words += f", a redirect to {origin(location) or 'another address'}, which is not followed"
    elif said:
        words += f": {said.text}"
    if cause == "captive_portal" and secure and status != 511:
        return "model_refused", f"{words}; this is not the address of a realtime service"
    return cause, words


def origin(location: str) -> str:
    """The host of a redirect, as the answer names it. The path is left out: it may be long and contain anything."""
    try:
        return (urlsplit(location).hostname or "")[:100]
    except ValueError:
        return ""


def of_proxy(status: int) -> Verdict:
    """A proxy's answer that refuses the tunnel to the service."""
    if status == 407:
        return "proxy_refused", "the proxy requires another name and password (HTTP 407)"
    if status in (502, 503, 504):
        return "unreachable", f"the proxy cannot reach the service (HTTP {status})"
    return "proxy_refused", f"the proxy refuses (HTTP {status})"


def retry_after_s(value: str | None, wall: float) -> float | None:
    """Seconds that a Retry-After header asks for (a number or a date); None where it is missing or unusable."""
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
