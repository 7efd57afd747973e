"""The token of the page, the cookie that stands for it, and how often somebody may guess. Pure.

Rules:
1. Programs send the token as `Authorization: Bearer TOKEN`. A browser sends it once, from the login form, and gets a
   cookie. The cookie holds a moment and a signature, not the token, and ends after `COOKIE_S`. With another token, all
   cookies are void.
2. Everything is compared in constant time.
3. After `MOST_WRONG` wrong tokens from one owner of an address, tokens from there are not looked at until the oldest
   of them is `WRONG_S` old. Cookies still are.
"""

import hmac
from collections import OrderedDict, deque
from enum import Enum, auto
from hashlib import sha256

COOKIE_S = 7 * 86_400
MOST_WRONG, WRONG_S = 5, 60.0
MOST_OWNERS = 256  # owners of addresses; the one that guessed first is forgotten
LEAST_TOKEN = 16  # characters; anybody on the network can try to guess it


class TokenShown(Enum):
    """What a request shows."""

    NOTHING = auto()
    RIGHT = auto()
    WRONG = auto()
    TOO_OFTEN = auto()


def unfit(token: str) -> str:
    """What is wrong with a token; empty if it is good enough."""
    if len(token) >= LEAST_TOKEN and token.isascii():
        return ""
    return f"the token is too weak; it needs at least {LEAST_TOKEN} ASCII characters (openssl rand -hex 16)"


class PageTokens:
    """Those who show this token may come in."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()
        self._key = hmac.digest(self._token, b"edged page cookie", sha256)
        name = hmac.digest(self._token, b"edged page name", sha256).hex()[:8]
        self.cookie_name = f"edged_page_{name}"
        """Two kiosks behind one name, such as two tunnels of ssh, do not overwrite each other's cookie."""
        self._wrong: OrderedDict[object, deque[float]] = OrderedDict()

    def of_program(self, authorizations: tuple[str, ...], owner: object, now_s: float) -> TokenShown:
        """What the headers `Authorization` of a request show. `now_s` is monotonic."""
        if not authorizations:
            return TokenShown.NOTHING
        kind, _, token = authorizations[0].partition(" ")
        if len(authorizations) != 1 or kind.lower() != "bearer":
            return TokenShown.NOTHING
        return self.of_form(token.strip(), owner, now_s)

    def of_form(self, token: str, owner: object, now_s: float) -> TokenShown:
        """What somebody has written into the form."""
        times = self._wrong.get(owner)
        while times and now_s - times[0] >= WRONG_S:
            times.popleft()
        if times is not None and len(times) >= MOST_WRONG:
            return TokenShown.TOO_OFTEN
        if hmac.compare_digest(token.encode(errors="replace"), self._token):
            self._wrong.pop(owner, None)
            return TokenShown.RIGHT
        self._wrong.setdefault(owner, deque(maxlen=MOST_WRONG)).append(now_s)
        while len(self._wrong) > MOST_OWNERS:
            self._wrong.popitem(last=False)
        return TokenShown.WRONG

    def cookie(self, now_s: float) -> str:
        """A new cookie. `now_s` is wall-clock time."""
        until = str(int(now_s) + COOKIE_S)
        return f"{until}.{self._signed(until)}"

    def has_cookie(self, cookie: str, now_s: float) -> bool:
        """Whether this is one of ours, and holds."""
        until, _, signature = cookie.partition(".")
        if not hmac.compare_digest(signature.encode(errors="replace"), self._signed(until).encode()):
            return False
        return 0 < int(until) - now_s <= COOKIE_S + 60

    def _signed(self, until: str) -> str:
        return hmac.digest(self._key, until.encode(errors="replace"), sha256).hex()
