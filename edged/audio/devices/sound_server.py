"""How long edged waits for a sound server before it takes a card. Pure.

Rules:
1. A server that cannot be reached is not waited for: the one of a desktop user never can be.
2. A server that this device has used gets `BACK_WITHIN_S` to come back. It needs the card for itself, and other
   programs play through it. If edged took the card meanwhile, they would stay silent.
3. Who names a server in edged's environment shares it with edged. At the start, it gets `STARTS_WITHIN_S`.
4. Once a card is used, it stays in use until the device is opened again.
"""

from collections.abc import Callable, Mapping

BACK_WITHIN_S = 20.0  # systemd starts a server again within seconds
STARTS_WITHIN_S = 60.0  # a desktop logs in after edged has started
_SHARED = ("PULSE_SERVER", "PIPEWIRE_REMOTE")


class ServerMemory:
    """What a device knows of its sound server."""

    def __init__(self, environment: Mapping[str, str], now: Callable[[], float]) -> None:
        self._now = now
        self._patience_s = STARTS_WITHIN_S if any(environment.get(name) for name in _SHARED) else 0.0
        self._missing_since: float | None = None

    @property
    def may_come_back(self) -> bool:
        """Whether to wait for it rather than take a card."""
        since = self._missing_since
        return since is not None and self._now() - since < self._patience_s

    def missed(self) -> None:
        """Note that it cannot be reached."""
        if self._missing_since is None:
            self._missing_since = self._now()

    def opened(self, server: str) -> None:
        """Note which server the open device belongs to; empty: it is a card."""
        self._patience_s, self._missing_since = BACK_WITHIN_S if server else 0.0, None
