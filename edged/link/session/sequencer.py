"""One response at a time: which response is ours, and the messages about what was heard of it. Pure.

The table in floor.py decides when an answer is asked for or cancelled. This module matches messages with responses:

1. A response may be cancelled before it has a name. The cancel is repeated by name as soon as there is one.
2. A cancelled response is dead: it never becomes live again, however late its messages come.
3. The request for an answer is sent after the truncation of the interrupted one.
4. A text is said outside of the conversation (`apart`). A service that refuses that is asked once more without it, and
   in this session never again with it. What was said apart needs no correction: the conversation does not have it.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from edged import pcm, wire
from edged.dial import error_codes
from edged.link.liveness import Owed
from edged.link.session.answer import Correction, RequestedAnswer, prepare
from edged.link.session.floor import GIVEN_UP, Floor, FloorAction, FloorEvent, FloorState, step
from edged.wire import HeardPart

REMEMBERED = 32  # ids of responses; a service finishes one before the next, so this is generous
_OURS = frozenset({Floor.ASKED, Floor.RUNNING, *GIVEN_UP})
_OWED = {Floor.ASKED: Owed.ANSWER, Floor.GIVEN_UP: Owed.ANSWER} | dict.fromkeys(
    (Floor.RUNNING, Floor.ENDING, Floor.FOREIGN, Floor.STUCK), Owed.REST
)


class Sequencer:
    """`send` takes the messages, in order. `counters` are the session's. `fmt` is the format of the answers."""

    def __init__(
        self,
        new_id: Callable[[], str],
        send: Callable[[str], None],
        counters: Counter[str],
        fmt: pcm.Format = pcm.PCM16,
    ) -> None:
        self._new_id, self._send, self._counters, self._fmt = new_id, send, counters, fmt
        prepare(fmt)  # now, because the first sound of an answer must not wait for it
        self._state = FloorState()
        self._is_sent = True  # whether a message has to ask for the answer
        self._text: str | None = None  # what the wanted answer has to say; None: an answer to what was said
        self._may_be_apart = True
        self._create_id: str | None = None  # the id of the request that may still be refused
        self._answer = RequestedAnswer(fmt=self._fmt)  # the answer that was asked for, runs or ends
        self._last: RequestedAnswer | None = None  # the answer before, until its corrections are sent
        self._dead: list[str] = []  # ids of cancelled responses, which never become live again
        # The service names the response of its sound: sound without a name then belongs to no response.
        self._names_sound = False
        # Ids of responses that ended or are not ours: they answer no later request.
        self._over: list[str] = []

    @property
    def open(self) -> bool:
        """Whether the session is configured."""
        return self._state.floor is not Floor.CLOSED

    @property
    def stuck(self) -> bool:
        """Whether the service still has not ended an answer that was given up twice."""
        return self._state.floor is Floor.STUCK

    @property
    def owed(self) -> Owed:
        """What the service owes of an answer."""
        return _OWED.get(self._state.floor, Owed.NOTHING)

    # -- calls of the owner --------------------------------------------------------------------------

    def configured(self) -> None:
        """The service has confirmed the session's settings."""
        self._take(FloorEvent.CONFIGURED)

    def ask(self, *, is_sent: bool = True) -> None:
        """Ask for an answer as soon as the floor allows it. `is_sent` False: the commit has asked for it already."""
        self._is_sent, self._text = is_sent, None
        self._take(FloorEvent.WANTED)

    def say(self, text: str) -> None:
        """Ask for an answer that says this text, as soon as the floor allows it."""
        self._is_sent, self._text = True, text
        self._take(FloorEvent.WANTED)

    def ask_again(self) -> None:
        """Ask once more for the answer that was asked for last."""
        self._is_sent = True
        self._take(FloorEvent.WANTED)

    @property
    def says(self) -> bool:
        """Whether the answer that was asked for last says a text."""
        return self._answer.says

    def interrupt(self) -> None:
        """The answer is dead from now on; a call of `heard` must follow."""
        self._take(FloorEvent.INTERRUPTED)

    def cancel(self) -> None:
        """End this answer; what was received of it may be played to its end."""
        runs = self._state.floor in _OURS - GIVEN_UP
        self._take(FloorEvent.CANCELLED)
        if runs:
            self._correct(self._answer.all_received())

    def heard(self, heard: Sequence[HeardPart]) -> None:
        """Report how much of the interrupted answer was played."""
        if self._last is not None:
            self._correct(self._last.corrections(heard, ended=True))
        if self._state.floor in _OURS:
            self._correct(self._answer.corrections(heard, ended=False))
        self._last = None
        self._take(FloorEvent.HEARD)

    # -- events from the service ---------------------------------------------------------------------

    def created(self, response_id: str, *, adopt: bool, unwanted: bool = False) -> bool:
        """A response has a name; returns True if it is the live answer.

        `adopt`: the service may start responses on its own. `unwanted`: it may not, and such a response is cancelled.
        """
        if adopt and self._state.floor is Floor.ENDING and self._answer.id != response_id:
            # One at a time: the service has started the next response, so this one has ended.
            self._take(FloorEvent.ENDED)
        if self._state.floor in _OURS:
            if self._answer.id is None:
                return self._name(response_id, FloorEvent.NAMED)
            if response_id and response_id == self._answer.id:
                return False  # the service has announced it twice
        elif adopt and self.open and not self.stuck:
            self._answer = RequestedAnswer(fmt=self._fmt)
            return self._name(response_id, FloorEvent.ADOPTED)
        self._counters["foreign_response"] += 1
        self._over = _remembered(self._over, response_id)
        if unwanted and self.open and (response_id or self._state.floor not in _OURS):
            self._send(wire.response_cancel(self._new_id(), response_id))
        return False

    def sounding(self, response_id: str) -> RequestedAnswer | None:
        """The live answer if this sound belongs to it, else None."""
        if self._state.floor is Floor.ASKED and self._may_be_new(response_id):
            self._name(response_id, FloorEvent.NAMED)  # a service that does not announce its responses
        if self._state.floor is Floor.RUNNING and self._answer.id == "" and self._may_be_new(response_id):
            self._answer.id = response_id  # the service announced it without its name
        self._names_sound = self._names_sound or response_id != ""
        if not self.live(response_id) or (self._names_sound and not response_id):
            self._counters["late_delta"] += 1
            return None
        return self._answer

    def missed(self) -> None:
        """A message could not be read. It may have been sound."""
        self._answer.missed()

    def done(self, response_id: str) -> RequestedAnswer | None:
        """A response has ended. Returns the answer if it was ours and was not given up."""
        if not self._is_ours(response_id):
            self._take(FloorEvent.OTHER_ENDED)
            return None
        answer, live = self._answer, self._state.floor not in GIVEN_UP
        response_id = response_id or answer.id or ""
        answer.id, self._create_id, self._last = response_id, None, answer
        self._over = _remembered(self._over, response_id)
        self._take(FloorEvent.ENDED)
        return answer if live else None

    def failed(self) -> RequestedAnswer | None:
        """The answer has failed, and no `response.done` follows. Returns the answer if there is one."""
        if self._state.floor not in _OURS:
            return None
        answer, live = self._answer, self._state.floor not in GIVEN_UP
        self._over = _remembered(self._over, answer.id or "")
        self._create_id, self._last = None, answer
        self._take(FloorEvent.ENDED)
        return answer if live else None

    def refused(self, event_id: str | None, *, of_form: bool = False) -> RequestedAnswer | None:
        """The message `event_id` was refused. If it was our request, returns the answer that will never come.

        `of_form`: the reason may be the form of the request. A gateway may lose the id of the message; then it is the
        request for a text apart if that waits for its answer, because hardly anything else is under way at that time.
        """
        is_lost = event_id is None and of_form and self._answer.apart and self._state.floor is Floor.ASKED
        if self._create_id is None or not (is_lost or event_id == self._create_id):
            return None
        answer, live = self._answer, self._state.floor not in GIVEN_UP
        self._create_id = None
        self._take(FloorEvent.REFUSED)
        if live and answer.apart and of_form:
            self._may_be_apart = False
            self._take(FloorEvent.WANTED)
            return None
        return answer if live else None

    def busy(self) -> None:
        """A response is already running, so ours has to wait for its end.

        The id of the refused message is not checked: gateways lose it, and only one request is ever open.
        """
        if self._create_id is not None:
            self._counters[error_codes.ANSWER_ACTIVE] += 1
            self._create_id = None
            self._take(FloorEvent.BUSY)

    def is_apart(self, response_id: str) -> bool:
        """Whether this response is an answer of ours that the conversation does not have."""
        return self._answer.apart and response_id == self._answer.id

    def live(self, response_id: str) -> bool:
        """Whether this response is the answer that may be heard. Without a name it counts as the running one."""
        return self._state.floor is Floor.RUNNING and response_id in (self._answer.id, "")

    # -- inside --------------------------------------------------------------------------------------

    def _take(self, sign: FloorEvent) -> None:
        self._state, follows = step(self._state, sign)
        for do in follows:
            if do is FloorAction.ASK:
                self._answer, self._last = RequestedAnswer(fmt=self._fmt), None
                if self._is_sent:
                    self._create_id = self._new_id()
                    self._send(self._request(self._create_id))
            else:
                if self._answer.id is not None:
                    self._dead = _remembered(self._dead, self._answer.id)
                self._send(wire.response_cancel(self._new_id(), self._answer.id))

    def _request(self, event_id: str) -> str:
        if self._text is None:
            return wire.response_create(event_id)
        self._answer.says, self._answer.apart = True, self._may_be_apart
        return wire.response_say(event_id, self._text, apart=self._may_be_apart)

    def _name(self, response_id: str, sign: FloorEvent) -> bool:
        """Our response has this name; returns whether it is live."""
        self._answer.id, self._create_id = response_id, None
        self._take(sign)
        return self.live(response_id)

    def _is_ours(self, response_id: str) -> bool:
        if self._state.floor not in _OURS:
            return False
        if not self._answer.id:
            # The service does not announce its responses, or announces them without a name.
            return self._may_be_new(response_id)
        return response_id in (self._answer.id, "")

    def _may_be_new(self, response_id: str) -> bool:
        """Whether it can be the answer to a request that has no response yet."""
        return response_id not in self._dead and response_id not in self._over

    def _correct(self, corrections: list[Correction]) -> None:
        for part, end_ms in corrections:
            if not part.item_id:
                continue  # the service gave the item no name, so no message can refer to it
            if end_ms is None:
                self._send(wire.item_delete(self._new_id(), part.item_id))
            else:
                self._send(wire.item_truncate(self._new_id(), part, end_ms))


def _remembered(ids: list[str], response_id: str) -> list[str]:
    """The ids with this one added, at most `REMEMBERED`. An empty id is left out: it does not identify a response."""
    return [*(each for each in ids if each != response_id), response_id][-REMEMBERED:] if response_id else ids
