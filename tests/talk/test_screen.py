"""The screen itself: sizes, foreign text, keys, and the end."""

import asyncio
import operator
from contextlib import asynccontextmanager

import pytest
from textual import events

from edged.errors import CommandError
from edged.seen.conversation import MOST_TURNS
from edged.talk.talk_key import REPEATS_S
from edged.talk.tui import TalkScreen, shown
from edged.talk.view import TalkView
from tests.talk.stage import Stage
from tests.talk.test_view import SNAPSHOT, marks, said, turn


class Partner:
    """Notes the commands, and says what it is told to say."""

    def __init__(self, *events, error=None):
        self.commands, self._events, self._error = [], events, error
        self._stopping = asyncio.Event()

    async def run(self, hear):
        for event in self._events:
            hear(event)
        if self._error is not None:
            raise self._error
        await self._stopping.wait()
        return 0

    def command(self, name):
        self.commands.append(name)

    def stop(self):
        self._stopping.set()


@asynccontextmanager
async def screen_of(*events, size=(80, 24)):
    partner = Partner()
    screen = TalkScreen(TalkView("the test"), partner)
    async with screen.run_test(size=size) as pilot:
        for event in (SNAPSHOT, *events):
            screen.hear(event)
        await pilot.pause()
        yield Stage(screen, pilot, partner, None)


def test_words_of_a_service_are_neither_markup_nor_codes_of_the_terminal():
    evil = (
        "[bold red on white]x[/] [link=http://a]y[/link] \x1b[2J\x1b]0;t\x07 [@click=app.exit]z[/] [/nonsense"
    )

    async def main():
        async with screen_of(*marks(), said("user", evil), said("assistant", evil)) as stage:
            shown = " ".join(stage.text.split())
            assert shown.count("[bold red on white]x[/] [link=http://a]y[/link]") == 2
            assert shown.count("[@click=app.exit]z[/] [/nonsense") == 2
            strips = stage.screen.screen._compositor.render_strips()
            segments = [segment for strip in strips for segment in strip]
            assert not [segment for segment in segments if "\x1b" in segment.text or "\x07" in segment.text]
            assert not [segment for segment in segments if segment.style and segment.style.link]

    asyncio.run(main())


@pytest.mark.parametrize("field", ["id", "text", "cause", "remedy", "name"])
def test_no_field_of_an_event_is_markup(field):
    evil = {"name": "[/]", "id": "[/]", "text": "[/]", "cause": "[/]", "remedy": "[/]"}
    events = [
        {**evil, "event": kind, "up": up, "dialect": "[/]"}
        for kind in ("cause", "link", "device", "session", "refused", "lost")
        for up in (True, False)
    ]

    async def main():
        async with screen_of(*events) as stage:
            assert "[/]" in stage.text

    asyncio.run(main())


@pytest.mark.parametrize("size", [(80, 24), (40, 24), (40, 12), (20, 8), (200, 60)])
def test_at_each_size_it_says_whether_it_records_and_fits(size):
    async def main():
        async with screen_of(*marks(), turn("LISTENING"), size=size) as stage:
            lines = stage.text.splitlines()
            assert any("RECORDING" in line for line in lines)
            assert len(lines) <= size[1]
            assert all(len(line) <= size[0] for line in lines)
            assert "edged talk" in lines[0]

    asyncio.run(main())


def test_a_terminal_that_changes_its_size_is_drawn_again():
    async def main():
        async with screen_of(*marks(), said("user", "How far is it to the tower?")) as stage:
            assert "K or space talk" in stage.text
            await stage.pilot.resize_terminal(40, 20)
            await stage.until(lambda: "K talk" in stage.text)
            assert max(map(len, stage.text.splitlines())) <= 40
            await stage.pilot.resize_terminal(80, 24)
            await stage.until(lambda: "K or space talk" in stage.text)

    asyncio.run(main())


def test_the_newest_words_are_in_sight():
    async def main():
        events = [
            each for number in range(1, 40) for each in (*marks(number), said("user", f"question {number}"))
        ]
        async with screen_of(*events) as stage:
            await stage.until(lambda: "question 39" in stage.text)

    asyncio.run(main())


def test_the_newest_words_stay_in_sight_in_a_terminal_that_gets_smaller_and_after_it():
    async def main():
        events = [
            each for number in (1, 2, 3) for each in (*marks(number), said("user", f"question {number}"))
        ]
        async with screen_of(*events) as stage:
            await stage.until(lambda: "question 3" in stage.text)
            await stage.pilot.resize_terminal(44, 18)
            await stage.until(lambda: "question 3" in stage.text)
            for event in (*marks(4), said("user", "question 4")):
                stage.screen.hear(event)
            await stage.until(lambda: "question 4" in stage.text)
            await stage.key("up")  # somebody reads what was said before
            await stage.key("up")
            await stage.key("up")
            await stage.until(lambda: "question 4" not in stage.text)
            stage.screen.hear(said("user", "question 4"))
            await stage.pilot.pause()
            assert "question 4" not in stage.text

    asyncio.run(main())


def test_of_a_long_conversation_only_the_turn_that_changes_is_drawn_again():
    async def main():
        turns = [
            (*marks(n), said("user", f"question {n}"), said("assistant", "a " * 900)) for n in range(1, 11)
        ]
        async with screen_of(*(event for turn in turns for event in turn)) as stage:

            def drawn():
                return [part.content for part in stage.screen.query("#talk Static")]

            before = drawn()
            assert len(before) == 10
            level = {"event": "level", "rms_dbfs": -20.0, "peak_dbfs": -3.0, "clipped": False}
            stage.screen.hear(level)
            assert all(map(operator.is_, drawn(), before))
            stage.screen.hear(said("assistant", "and more"))
            assert [part is old for part, old in zip(drawn(), before, strict=True)] == [True] * 9 + [False]
            for event in (*marks(11), said("user", "question 11")):
                stage.screen.hear(event)
            await stage.until(lambda: "question 11" in stage.text)
            assert all(map(operator.is_, drawn()[:9], before))

    asyncio.run(main())


def test_turns_that_are_forgotten_leave_the_screen_and_notes_stay_in_their_place():
    async def main():
        async with screen_of({"event": "cause", "id": "muted", "remedy": "before all"}) as stage:
            for number in range(1, MOST_TURNS + 21):
                for event in (*marks(number), said("user", f"question {number}")):
                    stage.screen.hear(event)
            stage.screen.hear({"event": "cause", "id": "muted", "remedy": "at the end"})
            await stage.until(lambda: "at the end" in stage.text)
            texts = [str(part.content) for part in stage.screen.query("#talk Static")]
            assert len(texts) == MOST_TURNS + 1
            assert "before all" in texts[0]
            assert "question 21" in texts[1]
            assert "at the end" in texts[-1]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("keys", "commands"),
    [
        (["k"], ["press"]),
        (["K"], ["press"]),
        (["space"], ["press"]),
        (["reports+releases", "k", "repeated+k", "repeated+k", "released+k"], ["press", "release"]),
        (["i"], ["interrupt"]),
        (["escape"], ["interrupt"]),
        (["n"], ["new_conversation"]),
        (["m"], ["toggle_mute"]),
        (["x", "enter", "tab"], []),
        (["k", "q"], ["press", "release"]),
    ],
)
def test_what_each_key_gives_to_the_kiosk(keys, commands):
    async def main():
        async with screen_of() as stage:
            await stage.pilot.press(*keys)
            assert stage.kiosk.commands == commands

    asyncio.run(main())


def test_a_second_key_ends_only_a_question_that_is_recorded():
    async def main():
        async with screen_of() as stage:
            await stage.key("k")
            stage.screen.hear(turn("LISTENING"))
            await asyncio.sleep(2 * REPEATS_S)
            await stage.key("k")
            assert stage.kiosk.commands == ["press", "release"]

    asyncio.run(main())


def test_a_key_that_the_terminal_repeats_is_no_other_press():
    async def main():
        async with screen_of() as stage:
            for at_s in (1.0, *(1.5 + 0.03 * n for n in range(50))):
                key = events.Key("k", "k")
                key.time = at_s
                await stage.screen.on_event(key)
                commands = stage.kiosk.commands
                stage.screen.hear(turn("LISTENING" if commands[-1] == "press" else "IDLE"))
            assert commands == ["press", "release"]

    asyncio.run(main())


class Headless(TalkScreen):
    async def run_async(self, **options):
        return await super().run_async(headless=True, size=(80, 24), **options)


def test_the_screen_ends_with_the_kiosk_and_the_kiosk_with_the_screen():
    async def main():
        partner = Partner(SNAPSHOT)
        screen = Headless(TalkView("x"), partner)
        showing = asyncio.ensure_future(shown(screen, partner))
        await screen.begun.wait()
        await asyncio.sleep(0.1)
        screen.action_leave()
        assert await asyncio.wait_for(showing, 20) == 0

        partner = Partner(SNAPSHOT, error=CommandError("gone"))
        screen = Headless(TalkView("x"), partner)
        with pytest.raises(CommandError, match="gone"):
            await asyncio.wait_for(shown(screen, partner), 20)

    asyncio.run(main())


def test_the_kiosk_keeps_the_kind_of_tasks_that_it_was_made_for():
    """From Python 3.12 on, Textual makes tasks that begin at once."""

    async def main():
        async with screen_of():
            assert asyncio.get_running_loop().get_task_factory() is None

    asyncio.run(main())
