"""Decides whether a request to the page may be answered. Pure.

Rules:
1. Without a token only this machine may look: the other end has a loopback address, `Host` is a loopback name, and no
   proxy has passed the request on. With a token everybody needs it, also on this machine (tokens.py).
2. `Host` must be a loopback name, the address that the connection has reached, or `companion.page.host`. A page from
   elsewhere may make its own name point here (DNS rebinding), but the browser still sends that name.
3. Only POST changes anything. It needs the header `X-Edged-Page`, which no form and no page from elsewhere can send,
   and if the browser says which page it comes from (`Origin`), that must be this one. Nothing is said to other origins
   (CORS). The two forms, which cannot send the header, need the `Origin` instead.
4. A page from elsewhere gets no picture, script or stream from here; a link to the page itself works.
5. A path that does not exist is 404 for everybody, so nobody learns from it whether a token would help.
6. The virtual button works for a browser on this machine only: rule 1 holds for it with a token, too, and `Origin` has
   to be there.

Not here: whether the token is right, and which press belongs to whom.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from edged.hosts import asks_for_loopback, is_loopback, name_in

HEADER = "X-Edged-Page"
PROXIES = (
    "forwarded",
    "via",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "true-client-ip",
    "client-ip",
)
PROXIES_BEGIN = ("x-forwarded", "x-original-", "x-envoy-", "x-proxy", "cf-")
"""Headers of a request that somebody has passed on: their names, and how further ones begin."""


@dataclass(frozen=True, slots=True)
class PageRoute:
    """A path: its method, who may use it, and how it says that it comes from the page itself.

    `open`: it is the same for everybody and needs no token. `form`: a form of the page sends it.
    """

    method: str
    open: bool = False
    form: bool = False
    button: bool = False


DOES = ("interrupt", "stop", "mute", "unmute", "volume", "checks")
"""What everybody who is let in may do. Nothing of it opens the microphone."""
BUTTON = ("press", "release")
ROUTES: Mapping[str, PageRoute] = {
    "/": PageRoute("GET"),
    "/events": PageRoute("GET"),
    "/metrics": PageRoute("GET"),
    "/healthz": PageRoute("GET", open=True),
    "/page.css": PageRoute("GET", open=True),
    "/lights.css": PageRoute("GET", open=True),
    "/page.js": PageRoute("GET", open=True),
    "/login": PageRoute("POST", open=True, form=True),
    "/logout": PageRoute("POST", form=True),
    **{f"/do/{name}": PageRoute("POST") for name in DOES},
    **{f"/do/{name}": PageRoute("POST", button=True) for name in BUTTON},
}


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What matters of a request. `peer` and `local` are addresses: of the other end, and the one that it has reached.

    A header that is sent twice is suspicious, so some have all of their values.
    """

    method: str
    path: str
    peer: str = "127.0.0.1"
    local: str = "127.0.0.1"
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    """Values of `HEADER`."""
    site: str = ""
    mode: str = ""
    """Of Sec-Fetch-Site and Sec-Fetch-Mode; empty if the browser does not say."""
    is_passed_on: bool = False

    @property
    def is_here(self) -> bool:
        """It comes from this machine, as itself."""
        return (
            is_loopback(self.peer.partition("%")[0])
            and asks_for_loopback(self.hosts)
            and not self.is_passed_on
        )


def passed_on(names: Iterable[str]) -> bool:
    """Whether a request with headers of these names comes by way of a proxy, as far as the proxy says so."""
    return any(name.lower() in PROXIES or name.lower().startswith(PROXIES_BEGIN) for name in names)


class PageRefusal(NamedTuple):
    """The answer to a request that is refused. The text says what would be right."""

    status: int
    text: str


def page_refusal(request: PageRequest, *, host: str, has_token: bool, button: bool) -> PageRefusal | None:
    """Why a request is refused, whatever token it has; None if nothing is against it but that.

    `host` is `companion.page.host`, and `button` whether the virtual button is switched on.
    """
    if not _is_ours(request, host):
        return PageRefusal(
            403, "This is not a name of this kiosk. Use its address, or set companion.page.host to this name."
        )
    if not has_token and not request.is_here:
        return PageRefusal(
            403, "Only this machine may look. For others, and behind a proxy, set companion.page.token_file."
        )
    route = ROUTES.get(request.path)
    if route is None or (route.button and not button):
        return PageRefusal(404, "There is no such page.")
    if request.method not in ((route.method, "HEAD") if route.method == "GET" else (route.method,)):
        return PageRefusal(405, f"Use {route.method}.")
    return _stranger(request, route)


def _stranger(request: PageRequest, route: PageRoute) -> PageRefusal | None:
    """Rules 3, 4 and 6."""
    if route.method == "GET":
        is_foreign = request.site in ("cross-site", "same-site") and request.mode != "navigate"
        if is_foreign or (request.origins and not _is_own_origin(request)):
            return PageRefusal(403, "Pages from elsewhere get nothing from here.")
        return None
    own = _is_own_origin(request)
    if request.site not in ("", "same-origin") or (request.origins and not own):
        return PageRefusal(403, "Only this page itself may do that.")
    if route.form:
        return None if own else PageRefusal(403, "Send the form from the page itself.")
    if len(request.marks) != 1 or not request.marks[0]:
        return PageRefusal(403, f"The header {HEADER} is missing.")
    if route.button and not (own and request.is_here):
        return PageRefusal(
            403, "The button works only in a browser on the kiosk itself, at a loopback address."
        )
    return None


def may_press(request: PageRequest, *, button: bool) -> bool:
    """Whether a page that is loaded in this way gets a virtual button."""
    return button and request.is_here


def _is_ours(request: PageRequest, host: str) -> bool:
    if len(request.hosts) != 1 or set(request.hosts[0]) & set("@/?#\\"):
        return False
    name = name_in(f"//{request.hosts[0]}").rstrip(".").lower()
    return (bool(name) and (is_loopback(name) or _is_same_address(name, request.local))) or (
        bool(host) and name == host.rstrip(".").lower()
    )


def _is_same_address(name: str, local: str) -> bool:
    try:
        return ip_address(name.partition("%")[0]) == ip_address(local.partition("%")[0])
    except ValueError:
        return False


def _is_own_origin(request: PageRequest) -> bool:
    """The one `Origin` is that of the `Host`."""
    if len(request.origins) != 1 or len(request.hosts) != 1:
        return False
    try:
        parts = urlsplit(request.origins[0])
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc.lower() == request.hosts[0].lower()
