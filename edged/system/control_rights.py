"""Which client of the control socket may send which command.

Rules:
1. Everybody who may open the socket may send every command, except the companion: it serves other machines, so what it
   does may be somebody else's wish (docs/companion.md).
2. The companion never presses, unless the owner has given the page a button (`companion.page.button`). It never shuts
   the machine down.
3. The companion is the process with its user. The kernel says which user that is (SO_PEERCRED), and the system what
   the user is called. A name is looked up once for each user, when the first client of that user connects: never while
   a press waits.
"""

import pwd
from collections.abc import Callable

COMPANION = "edged-companion"
MOST_USERS = 64  # remembered


def name_of_user(uid: int) -> str:
    """The name of a user; empty: the system does not know one."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return ""


class Rights:
    """`may_press()`: whether the companion may press."""

    def __init__(
        self, may_press: Callable[[], bool] = lambda: False, name_of: Callable[[int], str] = name_of_user
    ) -> None:
        self._may_press, self._name_of = may_press, name_of
        self._is_companion: dict[int, bool] = {}

    def came(self, uid: int) -> None:
        """A client of this user has connected."""
        if uid not in self._is_companion:
            if len(self._is_companion) >= MOST_USERS:
                self._is_companion.clear()
            self._is_companion[uid] = self._name_of(uid) == COMPANION

    def refusal(self, command: str, uid: int) -> str | None:
        """Why this user may not send this command, with what helps; None: it may."""
        if not self._is_companion.get(uid, False):
            return None
        if command == "press" and not self._may_press():
            return (
                "the companion must not open the microphone; set companion.page.button to true if browsers of this"
                " machine may, and run `edged reload`"
            )
        if command == "shutdown":
            return "the companion must not shut the machine down; run `edged ctl shutdown` on the kiosk"
        return None
