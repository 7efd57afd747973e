"""The texts of the screen, in pieces with the name of a style. Pure.

Everything that matters is in the words and signs: without colours the screen says the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from edged.audio.capture.level_bar import bar
from edged.seen.conversation import SpokenTurn
from edged.seen.legs import ANSWER, legs, span
from edged.talk.view import TalkView
from edged.turn import State

Piece = tuple[str, str]
"""A text and its style: plain, strong, faint, recording, good or bad."""

NARROW = 70  # columns; below this there is no room for side words
_WIDEST_BAR = 40
_RECORDING, _READY, _BUSY, _NOT = "●", "○", "◌", "✕"

DOING = {
    State.COMMITTING: "sending the question",
    State.THINKING: "waiting for the answer",
    State.NOTICE: "saying what went wrong",
    State.OFF_HOOK: "the receiver has to be hung up",
    State.STOPPED: "ending",
    **dict.fromkeys((State.SPEAKING, State.BRIDGING, State.DRAINING, State.TRUNCATED), "answering"),
}
"""What the kiosk does in each state in which the gate is shut and somebody has to wait."""


@dataclass(frozen=True, slots=True)
class KeyWords:
    """What this screen can say about its keys. `holds`: the terminal reports when a key comes up."""

    holds: bool
    is_down: bool


def head(view: TalkView) -> list[Piece]:
    """Which kiosk and which session this is."""
    pieces: list[Piece] = [("edged talk", "strong"), (f"  {view.source}", "plain")]
    if view.dialect and view.is_up:
        pieces.append((f"  {view.dialect}", "faint"))
    session = (
        f"session {view.session}"
        if view.session
        else "no session"
        if not view.is_up
        else "session without an id"
    )
    return [*pieces, (f"  {session}", "plain")]


def status(view: TalkView, keys: KeyWords) -> list[Piece]:
    """What the kiosk does, and what the talk key does now."""
    if not view.state:
        return [(f"{_NOT} {view.trouble or 'starting'}", "bad")]
    if view.is_recording:
        return [*_recording(view.state, keys), *_lacks(view)]
    if view.state in DOING:
        doing = DOING[State(view.state)]
        more = "; K interrupts and records, I only interrupts" if doing == "answering" else ""
        return [(f"{_BUSY} {doing}{more}", "plain"), *_lacks(view)]
    if view.is_muted:
        return [(f"{_NOT} muted: M switches the microphone on", "bad")]
    if "microphone" in view.missing:
        return [(f"{_NOT} no microphone: {view.missing['microphone']}", "bad")]
    ready = "hold K or space while you speak" if keys.holds else "press K or space, speak, and press it again"
    return [(f"{_READY} {ready}", "good"), *_lacks(view)]


def _recording(state: str, keys: KeyWords) -> list[Piece]:
    if state == State.TRAILING:
        return [(f"{_RECORDING} RECORDING the last syllable", "recording")]
    end = "release K to end" if keys.holds and keys.is_down else "press K to end"
    return [(f"{_RECORDING} RECORDING", "recording"), (f"  {end}", "plain")]


def _lacks(view: TalkView) -> list[Piece]:
    """What keeps the answer from being heard."""
    pieces: list[Piece] = []
    if "speaker" in view.missing:
        pieces.append((f"  no speaker: {view.missing['speaker']}", "bad"))
    if not view.is_up and view.rests:
        pieces.append(("  the link rests until the next question", "faint"))
    elif not view.is_up:
        pieces.append((f"  no link: {view.trouble or 'connecting'}", "bad"))
    return pieces


def meter(view: TalkView, width: int) -> list[Piece]:
    """The level of the microphone, in one line of at most `width` cells."""
    cells = max(4, min(_WIDEST_BAR, width - len("level [] -100.0 dBFS clipped")))
    if view.level is None:
        return [("level ", "faint"), (f"[{'-' * cells}] none yet", "faint")]
    clipped: list[Piece] = [(" clipped", "bad")] if view.level.clipped else []
    return [("level ", "faint"), (bar(view.level, view.levels, cells), "plain"), *clipped]


def spoken(turn: SpokenTurn) -> Iterator[list[Piece]]:
    """One turn, a paragraph for each thing that was said or happened."""
    if turn.number:
        yield [("you    ", "strong"), _asked(turn)]
    for note in turn.notes:
        yield [("       " + note, "bad")]
    if answer := _answered(turn):
        yield [("answer ", "strong"), *answer]


def _asked(turn: SpokenTurn) -> Piece:
    if turn.asked:
        return (turn.asked, "plain")
    if turn.spoke_ms is None:
        return ("…", "faint")
    return (f"({turn.spoke_ms / 1000:.1f} s, no words from the service)", "faint")


def _answered(turn: SpokenTurn) -> list[Piece]:
    pieces: list[Piece] = [(turn.answered, "plain")] if turn.answered else []
    if turn.interrupted:
        pieces.append((" (interrupted)" if pieces else "(interrupted)", "faint"))
    elif not pieces and "first_sound" in turn.marks:
        pieces.append(("(heard, no words from the service)", "faint"))
    return pieces


def times(view: TalkView) -> list[Piece]:
    """The legs of the last turn; until its question has ended, those of the turn before."""
    turns = list(view.conversation)[-2:]
    turn = next((each for each in reversed(turns) if "release" in each.marks), turns[-1] if turns else None)
    if turn is None or not turn.number:
        return [("press ▸ sent ▸ release ▸ commit ▸ taken ▸ delta ▸ sound ▸ done", "faint")]
    pieces: list[Piece] = [(f"turn {turn.number}  press", "faint")]
    for leg in legs(turn.marks):
        pieces += [(f" ▸ {leg.name} ", "faint"), (f"{leg.ms} ms", "plain")]
    heard = span(turn.marks, *ANSWER)
    if heard is not None:
        pieces.append((f"  answer after {heard} ms", "strong"))
    return pieces


def cost(view: TalkView) -> list[Piece]:
    """What was counted so far."""
    return [("so far ", "faint"), (view.tally.words(), "plain")]


def keys(width: int) -> list[Piece]:
    """The keys."""
    if width < NARROW:
        return [("K talk  I stop  N new  M mute  Q quit", "faint")]
    return [("K or space talk   I interrupt   N new conversation   M mute   Q quit", "faint")]
