"""Which devices hang or fail, when each is tried again, and whether the process may end because of one. Pure.

Rules:
1. A device that has hung is *avoided*: for a few seconds the first time, then for 1, 4, 15 and 60 minutes. The times
   are spread, so that kiosks with the same fault do not keep step.
2. Somebody's action ends this at once (`act`): a card was plugged in, the configuration was read again, edged was
   stopped and started by hand. The next hang still leads to the next longer time.
3. A device that has worked for ten minutes is forgotten. When the machine starts, all are forgotten.
4. A device whose call has not returned yet is *held*. It is avoided, because a second call would hang, too.
5. A device that has opened and then failed, before it had worked for ten minutes, is *behind* for the same times: it is
   tried only after all others. A failure while it is behind does not count. Of several, the one that failed first is
   tried first, so each gets its turn.
6. Some cards restart at each failure, and look as if they were plugged in. So `plugged` soon after a repeated failure
   helps that device nothing.
7. The process may end to free a held device, but at most `MOST_ENDS` times in `WITHIN_MS`, whatever the devices do.

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
RESTARTS_MS = 10_000  # the time in which a USB device that has failed comes back by itself
MOST_LETTERS = 300  # of the reason of a failure

Device = tuple[str, str]


@dataclass(slots=True)
class Hang:
    """How often a device has hung or failed, and when it may be tried again, or tried before others."""

    times: int
    next_ms: int
    why: str = ""
    """Why it has failed; empty: it has hung."""
    at_ms: int = 0
    """When it has failed last."""


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
        self._count((what, name), "")
        self._held[what, name] = self._now_ms()

    def failed(self, what: str, name: str, why: str) -> bool:
        """This device has opened and then failed, before it had worked for long. Returns whether it counts."""
        hang, now = self._hangs.get((what, name)), self._now_ms()
        if hang is not None and hang.why and hang.next_ms > now:
            hang.at_ms = now
            return False
        self._count((what, name), why[:MOST_LETTERS] or "it was lost")
        return True

    def returned(self, what: str, name: str) -> None:
        """That call has returned at last."""
        self._held.pop((what, name), None)

    def worked(self, what: str, name: str) -> bool:
        """The device has worked for long. Returns whether it was remembered."""
        return self._hangs.pop((what, name), None) is not None

    def plugged(self) -> bool:
        """A card was plugged in, or has restarted. Returns whether a device was avoided, and is not any more."""
        since = self._now_ms() - RESTARTS_MS
        return self._act(lambda hang: not (hang.why and hang.times > 1 and hang.at_ms > since))

    def act(self) -> bool:
        """Somebody has done something that may have helped. Returns whether a device was avoided."""
        return self._act(lambda _: True)

    def _act(self, helps: Callable[[Hang], bool]) -> bool:
        now = self._now_ms()
        late = [hang for hang in self._hangs.values() if hang.next_ms > now and helps(hang)]
        for hang in late:
            hang.next_ms = now
        return bool(late)

    def ends(self) -> None:
        """The process is about to end because of a held device."""
        self._ends_ms.append(self._now_ms())

    def _count(self, device: Device, why: str) -> None:
        now = self._now_ms()
        hang = self._hangs.pop(device, Hang(0, now))
        avoided_ms = AVOIDED_MS[min(hang.times, len(AVOIDED_MS) - 1)]
        next_ms = now + int(avoided_ms * (LEAST_SHARE + (1 - LEAST_SHARE) * self._spread()))
        self._hangs[device] = Hang(hang.times + 1, next_ms, why, now)
        while len(self._hangs) > MOST:
            del self._hangs[next(iter(self._hangs))]

    # -- what follows --------------------------------------------------------------------------------

    def avoided(self, what: str) -> frozenset[str]:
        """The names that must not be tried now."""
        return frozenset(name for name, _ in self._avoided(what))

    def behind(self, what: str) -> dict[str, str]:
        """The names to try after all others, in order, each with the reason."""
        now = self._now_ms()
        found = sorted(
            (hang.at_ms, name, hang)
            for (part, name), hang in tuple(self._hangs.items())  # other threads ask, too
            if part == what and hang.why and hang.next_ms > now
        )
        return {name: _reason(hang) for _, name, hang in found}

    def due_in_ms(self) -> int | None:
        """When the next device is no longer behind; None: there is none."""
        now = self._now_ms()
        return min(
            (hang.next_ms - now for hang in self._hangs.values() if hang.why and hang.next_ms > now),
            default=None,
        )

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
            late = not hang.why and hang.next_ms > self._now_ms()
            if part == what and (late or (part, name) in self._held):
                yield name, hang

    # -- over restarts -------------------------------------------------------------------------------

    def facts(self) -> dict[str, Any]:
        """All that a later process of the same boot has to know, as JSON."""
        hangs = [
            {"what": what, "name": name, "times": hang.times, "next_ms": hang.next_ms, "why": hang.why}
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
                    why = each.get("why", "")
                    if isinstance(why, str) and len(why) <= MOST_LETTERS:
                        next_ms = min(next_ms, now + AVOIDED_MS[-1])
                        self._hangs[what, name] = Hang(max(1, times), next_ms, why)


def _reason(hang: Hang) -> str:
    times = f" {hang.times} times" if hang.times > 1 else ""
    return f"it failed{times} after it had opened ({hang.why})"


def _is_time(value: object) -> TypeGuard[int]:
    return type(value) is int and value >= 0
