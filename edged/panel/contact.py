"""Turns the edges and the levels of one contact into clean changes. Pure: the time is a parameter.

Rules:
1. The first edge of a press acts at once, so a press never waits. For `bounce_ms` after a change, further edges are the
   bouncing of the contact. Then it is read, and its level decides. A release waits until it is no gap (leaving.py), and
   counts from its first edge on.
2. Edges get lost, so the contact is also read while nothing bounces. If it is not as the last change said, it is read
   again a moment later: the first reading may have met a disturbance, or be earlier than an edge that is on its way.
   If both readings agree, they are a change like any other; a release counts from the first of them on.
3. An edge that tells nothing new means that the edge before it was missed. If the contact was pressed and is pressed
   again, it was at rest in between. If it was read too recently for a finger that releases and presses again, that was
   a gap, or a release that bounces (leaving.py). Otherwise it was a release, and what follows may be its bouncing, so
   the new press has to last until the bouncing is over. A press that was over before anybody read it is counted, and
   nothing else.
   A bounce may be so short that the kernel finds its end and tells only that. So an edge is not counted as missed if
   the bouncing that follows leads to its level.
4. A contact that is active at the start reports nothing until it was at rest: nobody has pressed it.
5. If that lasts, the contact is probably wired the other way round. Then it is at rest only while somebody presses it,
   and the release would look like a press. So it must rest for much longer than a press lasts before it counts.
6. A contact that is no longer watched counts as released, because nobody would notice the release.
7. If an edge says that a press was over within `DISTURBED_MS`, and it is at rest once the bouncing is over, nobody has
   pressed: no finger is so fast. It was a disturbance on the cable. The press was reported already, so its release
   says so.
"""

from typing import NamedTuple

from edged.panel.leaving import CONFIRM_MS, Leaving

READ_ACTIVE_MS = 20  # so a gap whose beginning was missed differs from the pause of a finger
READ_REST_MS = 150  # with CONFIRM_MS, a press of 200 ms is noticed
# CONFIRM_MS is also longer than a disturbance lasts, and longer than an edge is on its way.

DISTURBED_MS = 5  # the shortest press of a finger lasts 30

HELD_MS = 60_000  # nobody leans on a button for so long while the kiosk starts
REST_MS = 20_000  # visitors hold a button that does nothing for a few seconds


class LevelChange(NamedTuple):
    """The contact became active (pressed, lifted) or came to rest."""

    active: bool
    at_ms: int


class Debouncer:
    """One contact; times are monotonic milliseconds.

    After each call, `due` says when the contact has to be read next.
    """

    def __init__(self, *, bounce_ms: int = 25) -> None:
        self.bounce_ms = bounce_ms  # may change at any time; used from the next change on
        self.missed_presses = 0
        self.missed_releases = 0
        self._settled_ms = 0  # when it was read after its last bouncing
        # When a press ended whose edge was missed, unless it only bounced.
        self._unseen_press_at: int | None = None
        self._unseen_release = False  # whether the edge to rest was missed, unless it only bounced
        self._rest_edge_at = 0  # when an edge last said that it came to rest
        self._was_disturbed = False  # whether the last release was of such a press (rule 7)
        self.begin(False, 0)
        self._watched = False

    @property
    def held(self) -> bool:
        """Whether it was active for long after the start, and has not rested for long since (rule 5)."""
        return self._held_long

    @property
    def was_disturbed(self) -> bool:
        """Whether the last change ended a press that nobody made (rule 7)."""
        return self._was_disturbed

    @property
    def seen_ms(self) -> int:
        """Until when the contact is known to have been as the last change said."""
        return self._seen_ms

    @property
    def in_doubt(self) -> bool:
        """Whether an edge or a reading has said that it is not so any more, and that is not confirmed yet."""
        return self._doubted_at is not None or self._leaving is not None

    @property
    def pressed_since(self) -> int | None:
        """When it became active, if that was reported and lasts; else None."""
        return self._since_ms if self._active and not self._silent else None

    def changed_ms_ago(self, now_ms: int) -> int:
        """How long ago the last change happened."""
        return max(0, now_ms - self._since_ms)

    @property
    def missed(self) -> int:
        """How many edges were missed so far."""
        return self.missed_presses + self.missed_releases

    def due(self) -> int | None:
        """Return when to read the contact next; None if it is not watched."""
        if not self._watched:
            return None
        if self._settles_at is not None:
            return self._settles_at
        return self._read_at if self._leaving is None else self._leaving.due

    def begin(self, active: bool, now_ms: int) -> None:  # noqa: FBT001 a level
        """Watching begins, and the contact is at this level."""
        self._watched = True
        self._active = active  # as last decided
        self._since_ms = self._seen_ms = now_ms  # when that was, and when it was last seen
        self._level = active  # as last seen while it bounces
        self._silent = active  # nobody was told: it has not rested since the start
        self._held_long = False  # it was active for long after the start, and has not rested for long since
        self._rests_until: int | None = None  # until then, active does not count
        self._settles_at: int | None = None
        self._leaving: Leaving | None = None  # it was pressed and reported, and may be released
        self._doubted_at: int | None = None
        self._read_later(now_ms)

    def gone(self, now_ms: int) -> list[LevelChange]:
        """Watching has ended."""
        reported = self.pressed_since is not None
        at_ms = now_ms if self._leaving is None else self._leaving.left_ms
        self._watched = self._active = self._silent = self._held_long = False
        self._since_ms, self._doubted_at, self._leaving = at_ms, None, None
        return [LevelChange(active=False, at_ms=at_ms)] if reported else []

    def edge(self, active: bool, at_ms: int) -> list[LevelChange]:  # noqa: FBT001 a level
        """The contact changed to this level at this time. Edges come in order, and may come late."""
        if not self._watched or at_ms < max(self._since_ms, self._settled_ms):
            return []  # it was read after this edge
        self._judge_unseen(at_ms)
        changes = self._catch_up(at_ms)
        if not active:
            self._rest_edge_at = at_ms
        if self._settles_at is not None:
            self._level = active
        elif self._leaving is not None:
            self._leaving.moved(active, at_ms)
        elif active is self._active:
            changes += self._told_again(active, at_ms)
        elif active or self._silent:
            changes += self._turn(active, at_ms)
        else:
            self._leaving, self._doubted_at, self._seen_ms = Leaving(at_ms, self.bounce_ms), None, at_ms
        return changes

    def reading(self, active: bool, now_ms: int) -> list[LevelChange]:  # noqa: FBT001 a level
        """The contact was read. Before `due` this changes nothing."""
        due = self.due()
        if due is None or now_ms < due:
            return []
        self._judge_unseen(now_ms)
        if self._settles_at is not None:
            if active is not self._level and not self._unseen_release:
                self._count(active)
            return self._settle(active, now_ms)
        if self._leaving is not None:
            return self._read_leaving(self._leaving, active, now_ms)
        if active is self._active:
            self._doubted_at, self._seen_ms = None, now_ms
            self._lasts(now_ms)
            self._read_later(now_ms)
            return []
        if self._doubted_at is None:
            self._doubted_at = now_ms
            self._read_at = now_ms + CONFIRM_MS
            return []
        self._count(active)
        if active:
            return self._turn(active, now_ms)
        return self._release(self._doubted_at, now_ms)

    def _catch_up(self, at_ms: int) -> list[LevelChange]:
        """Decide what nobody has read in time before this edge. The edges so far decide."""
        changes: list[LevelChange] = []
        while True:
            if self._settles_at is not None and at_ms > self._settles_at:
                changes += self._settle(self._level, self._settles_at)
            elif self._leaving is not None and at_ms >= self._leaving.due:
                changes += self._decide(self._leaving, self._leaving.active, self._leaving.due)
            else:
                return changes

    def _told_again(self, active: bool, at_ms: int) -> list[LevelChange]:  # noqa: FBT001 a level
        """An edge tells nothing new: the one before it was missed, unless this one is late."""
        doubted_at, self._doubted_at = self._doubted_at, None
        if at_ms < self._since_ms + self.bounce_ms + CONFIRM_MS:
            return []
        if not active:
            if self._unseen_press_at is None:
                self._unseen_press_at = at_ms
            return []
        if at_ms - self._seen_ms < CONFIRM_MS + READ_ACTIVE_MS:
            self._leaving = Leaving(at_ms if doubted_at is None else doubted_at, self.bounce_ms)
            self._leaving.moved(True, at_ms)
            return []
        changes = self._turn(False, at_ms)
        self._level = self._unseen_release = True
        return changes

    def _read_leaving(self, leaving: Leaving, active: bool, now_ms: int) -> list[LevelChange]:  # noqa: FBT001 a level
        if active is not leaving.active:
            self._count(active)
            if active:  # it may be bouncing
                leaving.moved(active, now_ms)
                if now_ms < leaving.due:
                    return []
        return self._decide(leaving, active, now_ms)

    def _decide(self, leaving: Leaving, active: bool, now_ms: int) -> list[LevelChange]:  # noqa: FBT001 a level
        """It was released, or that was a gap. This is the level now."""
        self._leaving = None
        if leaving.was_gap(active, now_ms):
            self._seen_ms = self._settled_ms = now_ms
            self._read_later(now_ms)
            return []
        changes = self._release(leaving.left_ms, now_ms, level=active)
        self._was_disturbed = leaving.is_disturbance
        return changes

    def _release(self, at_ms: int, now_ms: int, *, level: bool = False) -> list[LevelChange]:
        """It was released at `at_ms`, and is now at this level."""
        changes = self._turn(False, at_ms)
        self._level = level
        if now_ms >= at_ms + self.bounce_ms:
            changes += self._settle(False, now_ms)
        return changes

    def _settle(self, active: bool, at_ms: int) -> list[LevelChange]:  # noqa: FBT001 a level
        """The bouncing is over, and this is the level."""
        self._settles_at, self._settled_ms = None, at_ms
        if self._unseen_release and active:
            self._count(False)
        self._unseen_release = False
        self._read_later(at_ms)
        if active is self._active:
            self._seen_ms = at_ms
            return []
        if active or self._silent:
            return self._turn(active, at_ms)
        was_told = self._level is active
        over_after_ms = self._rest_edge_at - self._since_ms
        leaving = self._leaving = Leaving(
            at_ms,
            self.bounce_ms,
            rested_ms=self._rest_edge_at if was_told else at_ms,
            is_disturbance=was_told and 0 <= over_after_ms <= DISTURBED_MS,
        )
        return self._decide(leaving, active, at_ms) if at_ms >= leaving.due else []

    def _turn(self, active: bool, at_ms: int) -> list[LevelChange]:  # noqa: FBT001 a level
        """The contact has another level. Return what is to be reported of that."""
        self._lasts(at_ms)
        self._unseen_press_at, self._was_disturbed = None, False
        self._since_ms = self._seen_ms = at_ms
        self._active = self._level = active
        self._doubted_at = None
        self._settles_at = at_ms + self.bounce_ms
        if active:
            if self._rests_until is not None:
                self._silent = True
                return []
        elif self._silent:
            self._silent = False
            # A short rest is not enough: the first one may be a loose contact.
            self._rests_until = at_ms + (REST_MS if self._held_long else self.bounce_ms + CONFIRM_MS)
            return []
        return [LevelChange(active, at_ms)]

    def _lasts(self, now_ms: int) -> None:
        """The contact has been as it is until now."""
        if self._silent and now_ms - self._since_ms >= HELD_MS:
            self._held_long = True
        if not self._active and self._rests_until is not None and now_ms >= self._rests_until:
            self._rests_until, self._held_long = None, False

    def _judge_unseen(self, now_ms: int) -> None:
        """Count a press whose edge was missed, once it is sure that it was no bouncing."""
        if self._unseen_press_at is not None and now_ms > self._unseen_press_at + self.bounce_ms:
            self._unseen_press_at = None
            self._count(True)

    def _count(self, active: bool) -> None:  # noqa: FBT001 a level
        """The edge to this level was missed."""
        if active:
            self.missed_presses += 1
        else:
            self.missed_releases += 1

    def _read_later(self, now_ms: int) -> None:
        self._read_at = now_ms + (READ_ACTIVE_MS if self._active else READ_REST_MS)
