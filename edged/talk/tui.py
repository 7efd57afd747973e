"""The screen of `edged talk`. Adapter of Textual: it draws the texts of texts.py and passes keys on.

The colours are the terminal's own, so the screen suits light and dark ones, and one without colours (NO_COLOR).
"""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from edged.seen.conversation import SpokenTurn
from edged.talk import texts
from edged.talk.ports import TalkPartner
from edged.talk.talk_key import TalkKey
from edged.talk.terminal_driver import REPORTS, TalkDriver
from edged.talk.texts import KeyWords, Piece
from edged.talk.view import TalkView

_LEAST = 20  # columns that the texts need
_STYLES = {
    "plain": "",
    "strong": "bold",
    "faint": "dim",
    "recording": "bold reverse",
    "good": "bold ansi_green",
    "bad": "bold ansi_red",
}


class Newest(VerticalScroll):
    """The turns, a part for each, of which only those that have changed are drawn again.

    Keeps its end in sight, whatever its size, until somebody scrolls away from it.
    """

    _follows = True
    _parts: dict[int, "DrawnTurn"]

    def on_mount(self) -> None:
        """Nothing was said yet."""
        self._parts = {}

    def show(self, turns: Iterable[SpokenTurn]) -> None:
        """These are the turns now, the oldest first."""
        before, self._parts, changed = self._parts, {}, False
        for turn in turns:
            said = [*texts.spoken(turn)]
            part = before.pop(id(turn), None)  # a part keeps its turn, so no other turn has this id
            if part is None:
                part, changed = DrawnTurn(turn), True
                self.mount(part, before=None if turn.number else 0)
            self._parts[id(turn)] = part
            changed = part.show(said) or changed
        for part in before.values():
            part.remove()
        if changed:
            self.follow()

    def follow(self) -> None:
        """There is more, or less room."""
        if self._follows:
            self.scroll_end(animate=False)

    def on_resize(self) -> None:
        """It has another size, as the terminal or the lines around it have."""
        self.follow()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """It was scrolled."""
        super().watch_scroll_y(old_value, new_value)
        self._follows = new_value >= self.max_scroll_y


class DrawnTurn(Static):
    """What was said in one turn."""

    def __init__(self, turn: SpokenTurn) -> None:
        super().__init__(markup=False)
        self._turn = turn
        self._said: list[list[Piece]] = []

    def show(self, said: list[list[Piece]]) -> bool:
        """This was said so far. Returns whether it was less before."""
        if said == self._said:
            return False
        self._said = said
        self.update(Content("\n").join([_content(pieces) for pieces in said]))
        return True


class TalkScreen(App[None]):
    """Shows `view`, and gives the commands of the keys to `partner`. Call `hear` with each event, on the loop."""

    CSS = """
    Screen { background: ansi_default; color: ansi_default; overflow: hidden; }
    Static { height: auto; background: ansi_default; color: ansi_default; }
    #meter { height: 1; }
    #talk { height: 1fr; min-height: 3; border-top: solid ansi_default; border-bottom: solid ansi_default;
            background: ansi_default; scrollbar-size-vertical: 1; }
    """
    TITLE = "edged talk"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k,K,space", "talk", "Talk", priority=True),
        Binding("released+k,released+K,released+space", "let_go", show=False, priority=True),
        Binding(REPORTS, "reports", show=False, priority=True),
        Binding("i,I,escape", "carry_out('interrupt')", "Interrupt", priority=True),
        Binding("n,N", "carry_out('new_conversation')", "New conversation", priority=True),
        Binding("m,M", "carry_out('toggle_mute')", "Mute", priority=True),
        Binding("q,Q,ctrl+c,ctrl+d", "leave", "Quit", priority=True),
    ]

    def __init__(self, view: TalkView, partner: TalkPartner) -> None:
        super().__init__(driver_class=TalkDriver, ansi_color=True)
        self.view, self._partner, self._key = view, partner, TalkKey()
        self._places: dict[str, Static] = {
            name: Static(id=name, markup=False)
            for name in ("head", "status", "meter", "times", "cost", "keys")
        }
        self._talk, self._columns, self._typed_s = Newest(id="talk", can_focus=True), 0, 0.0
        self._shown: dict[str, object] = {}
        self.begun = asyncio.Event()
        """Set once the screen is there."""

    def compose(self) -> ComposeResult:
        """The parts of the screen, from top to bottom."""
        for name in ("head", "status", "meter"):
            yield self._places[name]
        yield self._talk
        for name in ("times", "cost", "keys"):
            yield self._places[name]

    def on_mount(self) -> None:
        """The screen is there."""
        # From Python 3.12 on, Textual lets tasks begin at once. The kiosk's own begin in the next round of the loop.
        asyncio.get_running_loop().set_task_factory(None)
        self._draw()
        self.begun.set()

    def on_resize(self, event: events.Resize) -> None:
        """The terminal has another size. `size` follows later."""
        self._columns = event.size.width
        self._draw()

    def on_app_blur(self) -> None:
        """Another window has the keyboard."""
        self._give(self._key.blurred())

    def hear(self, event: Mapping[str, Any]) -> None:
        """The kiosk has news."""
        self.view.hear(event)
        self._draw()

    # -- keys ----------------------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """Note when the terminal has sent a key: it may have waited here."""
        if isinstance(event, events.Key):
            self._typed_s = event.time
        await super().on_event(event)

    def action_talk(self) -> None:
        """The talk key went down."""
        self._give(self._key.pressed(self._typed_s, gate_is_open=self.view.is_recording))

    def action_let_go(self) -> None:
        """The talk key came up."""
        self._give(self._key.released())

    def action_reports(self) -> None:
        """The terminal says that it reports when a key comes up."""
        self._key.reports_releases = True
        self._draw()

    def action_carry_out(self, command: str) -> None:
        """A key with one command."""
        if command == "interrupt":
            self.view.conversation.cut()
        self._give((command,))

    def action_leave(self) -> None:
        """End."""
        self._give(self._key.lost())
        self.exit()

    def _give(self, commands: tuple[str, ...]) -> None:
        for command in commands:
            self._partner.command(command)
        if commands:
            self._draw()

    # -- the screen ----------------------------------------------------------------------------------

    def _draw(self) -> None:
        if not self.is_running or not self._places["head"].is_attached:
            return
        width = max(_LEAST, self._columns or self.size.width)
        words = KeyWords(holds=self._key.reports_releases, is_down=self._key.down)
        parts: dict[str, list[Piece]] = {
            "head": texts.head(self.view),
            "status": texts.status(self.view, words),
            "meter": texts.meter(self.view, width),
            "times": texts.times(self.view),
            "cost": texts.cost(self.view),
            "keys": texts.keys(width),
        }
        for name, pieces in parts.items():
            if self._shown.get(name) != pieces:
                self._shown[name] = pieces
                self._places[name].update(_content(pieces))
        self._talk.show(self.view.conversation)


def _content(pieces: list[Piece]) -> Content:
    """The pieces as they are: nothing in them is markup."""
    return Content.assemble(*[(text, _STYLES[style]) for text, style in pieces])


async def shown(screen: TalkScreen, partner: TalkPartner) -> int:
    """Show the screen until the person, the terminal or the kiosk ends it; returns the exit code of the kiosk."""
    drawing = asyncio.ensure_future(screen.run_async(mouse=False))
    begun = asyncio.ensure_future(screen.begun.wait())
    await asyncio.wait({drawing, begun}, return_when=asyncio.FIRST_COMPLETED)
    begun.cancel()
    if drawing.done():
        await drawing
        return 1
    lives = asyncio.ensure_future(partner.run(screen.hear))
    await asyncio.wait({drawing, lives}, return_when=asyncio.FIRST_COMPLETED)
    partner.stop()
    try:
        return await lives
    finally:
        with contextlib.suppress(asyncio.CancelledError):
            screen.exit()
            await drawing
