"""One response at a time: when an answer is asked for, which one is live, what is told about what was heard. Pure.

Rules:
1. `response.create` waits for the `response.done` before it, for the truncation of what was interrupted, and for
   the end of a response that the service says is running and that is not ours.
2. A cancel may come before the response has a name; it is repeated by name as soon as there is one.
3. What was cancelled is dead: nothing of it is live again, however late it comes.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from edged import wire
from edged.realtime import faults
from edged.realtime.answer import Answer, Correction
from edged.realtime.vigil import Owed
from edged.wire import Heard

DEAD_REMEMBERED = 32  # ids of dead responses; a service finishes one before the next, so this is generous


class Sequencer:
    """`send` takes the messages that follow, in order; `counters` is shared with the session."""

    def __init__(
        self, new_id: Callable[[], str], send: Callable[[str], None], counters: Counter[str]
    ) -> None:
        self.stuck = False  # an answer was given up twice and the service still has not ended it
        self.open = False  # the session is configured
        self._new_id, self._send, self._counters = new_id, send, counters
        self._create_id: str | None = None
        self._answer: Answer | None = None  # asked for or running
        self._last: Answer | None = None  # the one before, until what was heard of it is settled
        self._wanted = False  # an answer is to be asked for as soon as the rules allow
        self._unheard = False  # interrupted, and the played milliseconds are still on their way
        self._foreign_active = False  # the service runs a response that is not ours
        self._dead: list[str] = []

    # -- what the owner asks -------------------------------------------------------------------------

    def ask(self) -> None:
        """Ask for an answer as soon as one may be asked for."""
        self._wanted = True
        self.advance()

    def interrupt(self) -> None:
        """The answer is dead from here on; `heard` must follow."""
        if self._wanted and self._answer is not None and not self._unheard:
            self.stuck = True
        self._wanted = False
        self._unheard = True
        self._kill()

    def cancel(self) -> None:
        """No more of this answer; what was received of it may be played to its end."""
        self._wanted = False
        answer = self._answer
        self._kill()
        if answer is not None:
            self._correct(answer.all_received())

    def heard(self, heard: Sequence[Heard]) -> None:
        """What was played of the interrupted answer."""
        for answer in (self._last, self._answer):
            if answer is not None:
                self._correct(answer.corrections(heard))
        self._last = None
        self._unheard = False
        self.advance()

    def advance(self) -> None:
        """Ask, where an answer is wanted and the rules allow it."""
        if (
            self._wanted
            and self.open
            and self._answer is None
            and not self._unheard
            and not self._foreign_active
        ):
            self._wanted = False
            self._answer, self._last = Answer(), None
            self._create_id = self._new_id()
            self._send(wire.response_create(self._create_id))

    # -- what the service says -----------------------------------------------------------------------

    def created(self, response_id: str, *, adopt: bool) -> bool:
        """A response has a name; True when it is the live answer. `adopt`: the service may begin one by itself."""
        if self._answer is None and adopt:
            self._answer = Answer()
        answer = self._answer
        if answer is None or answer.id is not None:
            self._counters["foreign_response"] += 1
            return False
        answer.id = response_id
        self._create_id = None
        if answer.dead:
            self._bury(response_id)
            self._send(wire.response_cancel(self._new_id(), response_id))
        return not answer.dead

    def sounding(self, response_id: str) -> Answer | None:
        """The live answer, if sound of this response belongs to it."""
        answer = self._answer
        if answer is not None and answer.id is None and not answer.dead and response_id not in self._dead:
            answer.id = response_id  # a service that does not announce its responses
        if answer is None or not self.live(response_id):
            self._counters["late_delta"] += 1
            return None
        return answer

    def done(self, response_id: str) -> Answer | None:
        """A response has ended; the answer, if it was ours and somebody still listens to it."""
        answer = self._answer
        if (
            answer is None
            or (answer.id or response_id) != response_id
            or response_id in self._dead_before(answer)
        ):
            self._foreign_active = False
            return None
        answer.id, answer.done = response_id, True
        self._answer, self._last, self._create_id = None, answer, None
        return None if answer.dead else answer

    def refused(self, event_id: str | None) -> Answer | None:
        """The message `event_id` was refused; the answer that will now never come, if it was our question."""
        if event_id is None or event_id != self._create_id:
            return None
        answer, self._answer, self._create_id = self._answer, None, None
        return None if answer is None or answer.dead else answer

    def busy(self) -> None:
        """The service runs a response already: ours has to wait for its end."""
        answer = self._answer
        if answer is not None and answer.id is None:
            self._counters[faults.ANSWER_ACTIVE] += 1
            self._answer, self._create_id = None, None
            self._foreign_active = True
            self._wanted = not answer.dead

    @property
    def owed(self) -> Owed:
        """What the service owes of an answer."""
        if self._answer is None:
            return Owed.REST if self._foreign_active else Owed.NOTHING
        return Owed.ANSWER if self._answer.id is None else Owed.REST

    def live(self, response_id: str) -> bool:
        """Whether this response is the answer that may be heard."""
        return self._answer is not None and not self._answer.dead and self._answer.id == response_id

    # -- inside --------------------------------------------------------------------------------------

    def _dead_before(self, answer: Answer) -> list[str]:
        """Dead responses that are not this answer."""
        return [dead for dead in self._dead if dead != answer.id]

    def _kill(self) -> None:
        answer = self._answer
        if answer is None or answer.dead:
            return
        answer.dead = True
        if answer.id is not None:
            self._bury(answer.id)
        self._send(wire.response_cancel(self._new_id(), answer.id))

    def _bury(self, response_id: str) -> None:
        self._dead = [*self._dead, response_id][-DEAD_REMEMBERED:]

    def _correct(self, corrections: list[Correction]) -> None:
        for part, end_ms in corrections:
            if end_ms is None:
                self._send(wire.item_delete(self._new_id(), part.item_id))
            else:
                self._send(wire.item_truncate(self._new_id(), part, end_ms))
