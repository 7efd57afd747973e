"""The topics of one kiosk at the broker. Pure."""

from dataclasses import dataclass

ONLINE, OFFLINE = "online", "offline"


@dataclass(frozen=True, slots=True)
class KioskTopics:
    """`base` is the first part of all topics, `kiosk` the id of the kiosk. `discovery`: empty, if none is announced."""

    base: str
    kiosk: str
    discovery: str = ""

    def _of(self, name: str) -> str:
        return f"{self.base}/{self.kiosk}/{name}"

    @property
    def availability(self) -> str:
        """Retained: ONLINE or OFFLINE; OFFLINE is also the last will."""
        return self._of("availability")

    @property
    def state(self) -> str:
        """Retained: what the kiosk does, and what is wrong."""
        return self._of("state")

    @property
    def turn(self) -> str:
        """Each turn that has ended."""
        return self._of("event/turn")

    @property
    def health(self) -> str:
        """Retained: the machine and this connection, once a minute."""
        return self._of("health")

    @property
    def usage(self) -> str:
        """Retained: what was used today and in this month."""
        return self._of("usage")

    @property
    def announced(self) -> str:
        """Retained: what Home Assistant was told, so that it can be taken back."""
        return self._of("announced")

    @property
    def result(self) -> str:
        """What became of a command."""
        return self._of("cmd/result")

    @property
    def commands(self) -> str:
        """A filter for all commands; `result` is among them."""
        return self._of("cmd/+")

    def command(self, name: str) -> str:
        """The topic of one command."""
        return self._of(f"cmd/{name}")

    def command_in(self, topic: str) -> str | None:
        """The name of the command whose topic this is; None: it is none."""
        before = self._of("cmd/")
        name = topic.removeprefix(before)
        return name if topic.startswith(before) and "/" not in name and topic != self.result else None

    @property
    def device(self) -> str:
        """Retained: this kiosk, for Home Assistant; empty if none is announced."""
        return f"{self.discovery}/device/{self.kiosk}/config" if self.discovery else ""

    @property
    def birth(self) -> str:
        """Where Home Assistant says that it has started."""
        return f"{self.discovery}/status" if self.discovery else ""
