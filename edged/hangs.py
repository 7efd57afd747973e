"""Which devices hang, when each is tried again, and whether the process may end because of one. Pure.

Rules:
1. A device that has hung is *avoided*: for a few seconds the first time, then for 1, 4, 15 and 60 minutes. The times
   are spread, so that kiosks with the same fault do not keep step.
2. Somebody's action ends this at once (`act`): a card was plugged in, the configuration was read again, edged was
   stopped and started by hand. The next hang still leads to the next longer time.
3. A device that has worked for ten minutes is forgotten. When the machine starts, all are forgotten.
4. A device whose call has not returned yet is *held*. It is avoided, because a second call would hang, too.
5. The process may end to free a held device, but at most `MOST_ENDS` times in `WITHIN_MS`, whatever the devices do.

A device is (what, name): the kiosk's part, and the name that was tried for it; an empty name means the part itself.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeGuard

AVOIDED_MS = (5_000, 60_000, 240_000, 900_000, 3_600_000)
LEAST_SHARE = 0.5
# systemd gives up after ten failures in ten minutes, and there are other failures.
MOST_ENDS, WITHIN_MS = 4, 600_000
MOST = 16  # devices; more are not plausible

Device = tuple[str, str]


@dataclass(slots=True)
class Hang:
    """How often a device has hung, and when it may be tried again."""

    times: int
    next_ms: int


class Hangs:
    """What is known of one machine since its start, which `boot` names."""

    def __init__(self, boot: str, spread: Callable[[], float], now_ms: Callable[[], int]) -> None:
        """`spread()` is a random number from 0 to 1. `now_ms()` goes on over restarts of the process."""
        self._boot, self._spread, self._now_ms = boot, spread, now_ms
        self._hangs: dict[Device, Hang] = {}
        self._held: dict[Device, int] = {}
        self._ends_ms: list[int] = []

    # -- what happens --------------------------------------------------------------------------------

    def left(self, what: str, name: str) -> None:
        """A call to this device has not returned."""
        now, device = self._now_ms(), (what, name)
        hang = self._hangs.pop(device, Hang(0, now))
        avoided_ms = AVOIDED_MS[min(hang.times, len(AVOIDED_MS) - 1)]
        next_ms = now + int(avoided_ms * (LEAST_SHARE + (1 - LEAST_SHARE) * self._spread()))
        self._hangs[device] = Hang(hang.times + 1, next_ms)
        while len(self._hangs) > MOST:
            del self._hangs[next(iter(self._hangs))]
        self._held[device] = now

    def returned(self, what: str, name: str) -> None:
        """That call has returned at last."""
        self._held.pop((what, name), None)

    def worked(self, what: str, name: str) -> bool:
        """The device has worked for long. Returns whether it was remembered."""
        return self._hangs.pop((what, name), None) is not None

    def act(self) -> bool:
        """Somebody has done something that may have helped. Returns whether a device was avoided."""
        now = self._now_ms()
        late = [hang for hang in self._hangs.values() if hang.next_ms > now]
        for hang in late:
            hang.next_ms = now
        return bool(late)

    def ends(self) -> None:
        """The process is about to end because of a held device."""
        self._ends_ms.append(self._now_ms())

    # -- what follows --------------------------------------------------------------------------------

    def avoided(self, what: str) -> frozenset[str]:
        """The names that must not be tried now."""
        return frozenset(name for name, _ in self._avoided(what))

    @property
    def parts(self) -> list[str]:
        """The parts of the kiosk with a device that is avoided."""
        return sorted({what for what, _ in self._hangs if self.avoided(what)})

    def outlook(self, what: str) -> str:
        """When a device of this part is tried again, in words; empty if none is avoided."""
        waits = [
            (hang.next_ms, hang.times, name)
            for name, hang in self._avoided(what)
            if hang.next_ms > self._now_ms()
        ]
        if not waits:
            return ""
        next_ms, times, name = min(waits)
        often = f"it has not answered {times} times" if times > 1 else "it has not answered"
        seconds = (next_ms - self._now_ms()) / 1000
        when = f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
        return f"{f'{name!r}: ' if name else ''}{often}; next try in {when}"

    @property
    def held(self) -> dict[str, int]:
        """The parts with a held device, and for how many milliseconds."""
        now = self._now_ms()
        return {what: now - since for (what, _), since in sorted(self._held.items(), key=lambda at: -at[1])}

    def may_end(self) -> bool:
        """Whether the process may end because of a held device."""
        now = self._now_ms()
        self._ends_ms = [at for at in self._ends_ms if now - at < WITHIN_MS]
        return len(self._ends_ms) < MOST_ENDS

    def _avoided(self, what: str) -> Iterator[tuple[str, Hang]]:
        for (part, name), hang in tuple(self._hangs.items()):  # other threads ask, too
            if part == what and (hang.next_ms > self._now_ms() or (part, name) in self._held):
                yield name, hang

    # -- over restarts -------------------------------------------------------------------------------

    def facts(self) -> dict[str, Any]:
        """All that a later process of the same boot has to know, as JSON."""
        hangs = [
            {"what": what, "name": name, "times": hang.times, "next_ms": hang.next_ms}
            for (what, name), hang in self._hangs.items()
        ]
        return {"boot": self._boot, "hangs": hangs, "ends_ms": self._ends_ms}

    def recall(self, facts: dict[str, Any]) -> None:
        """Take over the facts of an earlier process. Anything that cannot be one is ignored."""
        if facts.get("boot") != self._boot or not self._boot:
            return
        now = self._now_ms()
        ends = facts.get("ends_ms")
        self._ends_ms = [at for at in ends if _is_time(at) and at <= now] if isinstance(ends, list) else []
        hangs = facts.get("hangs")
        for each in hangs[:MOST] if isinstance(hangs, list) else ():
            match each:
                case {"what": str(what), "name": str(name), "times": times, "next_ms": next_ms} if _is_time(
                    times
                ) and _is_time(next_ms):
                    self._hangs[what, name] = Hang(max(1, times), min(next_ms, now + AVOIDED_MS[-1]))


def _is_time(value: object) -> TypeGuard[int]:
    return type(value) is int and value >= 0
