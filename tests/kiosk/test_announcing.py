"""A text that a program lets the kiosk say: the whole daemon in virtual time, against the embedded service."""

import asyncio
import json
import logging

import pytest

from edged.local import spec
from edged.local.schema import one_of
from instruments.lab.kiosk import kiosk_of
from instruments.lab.net import SimNet
from tests.kiosk.test_shell import idle, marks, states

TEXT = "We close in ten minutes."


@pytest.fixture
def daemon(lab_run):
    def run(body, *settings, **options):
        net = SimNet(latency_ms=10)

        async def main():
            async with kiosk_of(net, *settings, **options) as kiosk:
                kiosk.sent, kiosk.net = [], net

                def hear(up, message):
                    if up and '"response.create"' in message[:200]:
                        kiosk.sent.append(json.loads(message))

                kiosk.app._dial._tap.hear = hear
                return await body(kiosk)

        return lab_run(main(), net=net)

    return run


def outcome(kiosk, text=TEXT):
    return kiosk.app.desk.say(text)["outcome"]


async def press(kiosk):
    kiosk.app.front.button.press()
    await asyncio.sleep(0.5)


async def release(kiosk):
    kiosk.app.front.button.release()
    await asyncio.sleep(0.1)


@pytest.mark.parametrize("mode", ["hold", "toggle", "hybrid", "conversation"])
def test_it_is_said_like_an_answer_and_the_gate_stays_shut(daemon, mode, caplog):
    async def body(kiosk):
        assert outcome(kiosk) == {"done": True}
        assert kiosk.state == "THINKING"
        assert await kiosk.until(lambda: kiosk.state == "SPEAKING", 5)
        await idle(kiosk)
        assert states(kiosk) == ["THINKING", "SPEAKING", "DRAINING", "IDLE"]
        assert any(kiosk.speaker.takes)
        (request,) = kiosk.sent
        asked = request["response"]
        assert asked["conversation"] == "none"
        assert (asked["input"], asked["tools"], asked["tool_choice"]) == ([], [], "none")
        assert TEXT in asked["instructions"]
        (used,) = [event for event in kiosk.events if event["event"] == "usage"]
        assert used["turn"] == 0
        state = kiosk.app.snapshot()
        assert state["counters"]["responses_billed"] == 1
        assert state["usage"]["day"]["requests"] == 1
        assert not [event for event in kiosk.events if event["event"] in ("mark", "transcript")]

    with caplog.at_level(logging.DEBUG):
        daemon(body, f"mode={mode}", "log.transcripts=journal")
    assert "ten minutes" not in caplog.text


def test_a_press_interrupts_it_and_the_question_is_answered(daemon):
    async def body(kiosk):
        assert outcome(kiosk) == {"done": True}
        assert await kiosk.until(lambda: kiosk.state == "SPEAKING", 5)
        await press(kiosk)
        assert kiosk.state == "LISTENING"
        await asyncio.sleep(1)
        await release(kiosk)
        assert await kiosk.until(lambda: kiosk.state == "SPEAKING", 20)
        await idle(kiosk)
        assert "response" not in kiosk.sent[-1]
        assert {"press", "first_sound", "drained"} <= marks(kiosk, 1).keys()
        assert not [event for event in kiosk.events if event["event"] == "cause"]

    daemon(body)


def test_it_interrupts_nobody(daemon):
    async def body(kiosk):
        await press(kiosk)
        refused = outcome(kiosk)
        assert (refused["done"], refused["cause"]) == (False, None)
        assert "speaks" in refused["text"]
        assert refused["remedy"]
        assert kiosk.state == "LISTENING"
        await asyncio.sleep(1)
        await release(kiosk)
        assert await kiosk.until(lambda: kiosk.state == "SPEAKING", 20)
        assert outcome(kiosk)["done"] is False
        assert kiosk.state == "SPEAKING"
        await idle(kiosk)
        assert len(kiosk.sent) == 1

    daemon(body)


@pytest.mark.parametrize("faults", [(), ("bare",), ("code_in_type",)])
def test_a_service_that_has_no_answers_apart_is_asked_once_without(daemon, monkeypatch, faults):
    monkeypatch.setitem(spec.GA_RESPONSE, "conversation", one_of("auto"))

    async def body(kiosk):
        for _ in range(2):
            assert outcome(kiosk) == {"done": True}
            assert await kiosk.until(lambda: kiosk.state == "SPEAKING", 5)
            await idle(kiosk)
        apart = ["conversation" in request["response"] for request in kiosk.sent]
        assert apart == [True, False, False]  # the session is not asked a second time
        assert all(TEXT in request["response"]["instructions"] for request in kiosk.sent)

    daemon(body, fault_lines=faults)


def test_a_service_that_refuses_it_altogether_is_told(daemon, monkeypatch):
    monkeypatch.setitem(spec.GA_RESPONSE, "instructions", one_of("nothing"))

    async def body(kiosk):
        assert outcome(kiosk) == {"done": True}
        await idle(kiosk)
        assert [event["id"] for event in kiosk.events if event["event"] == "cause"] == ["answer_failed"]
        assert len(kiosk.sent) == 2

    daemon(body)


def test_a_link_on_demand_is_opened_for_it(daemon):
    async def body(kiosk):
        assert await kiosk.until(lambda: kiosk.app.link.resting, 90)
        assert outcome(kiosk) == {"done": True}
        assert await kiosk.until(lambda: kiosk.state == "SPEAKING", 5)
        await idle(kiosk)
        assert len(kiosk.sent) == 1
        kiosk.net.set(no_route=True)
        assert await kiosk.until(lambda: kiosk.app.link.resting, 90)
        kiosk.events.clear()
        assert outcome(kiosk) == {"done": True}
        await idle(kiosk)
        assert [event["id"] for event in kiosk.events if event["event"] == "cause"] == ["answer_lost"]
        assert outcome(kiosk)["done"] is False
        kiosk.net.set(no_route=False)
        assert await kiosk.until(lambda: kiosk.app.link.up or kiosk.app.link.resting, 90)
        await asyncio.sleep(5)
        assert len(kiosk.sent) == 1  # nothing is said late

    daemon(body, "link.connect=on_demand", "link.rest_s=60")


def test_without_a_link_the_outcome_says_why(daemon):
    async def body(kiosk):
        kiosk.net.set(no_route=True)
        kiosk.net.strike("reset_client")
        assert await kiosk.until(lambda: not kiosk.app.link.up and kiosk.app.link.cause is not None, 10)
        refused = outcome(kiosk)
        assert (refused["done"], refused["cause"]) == (False, kiosk.app.link.cause)
        assert refused["remedy"]
        assert kiosk.state == "IDLE"

    daemon(body)


def test_a_closed_kiosk_says_nothing(daemon):
    async def body(kiosk):
        assert outcome(kiosk) == {"done": True}
        await idle(kiosk)
        assert await kiosk.until(lambda: kiosk.app.usage.closed is not None, 5)
        assert outcome(kiosk)["cause"] == "budget_used"

    daemon(body, "budget.day.requests=1")


def test_a_mute_does_not_keep_it_silent(daemon):
    async def body(kiosk):
        kiosk.app.command("mute", None)
        assert outcome(kiosk) == {"done": True}
        assert await kiosk.until(lambda: kiosk.state == "SPEAKING", 5)

    daemon(body)


def test_a_program_that_does_not_stop_is_held_back(daemon):
    async def body(kiosk):
        said = 0
        while outcome(kiosk)["done"]:
            said += 1
            assert said < 20
            kiosk.app.command("stop", None)
            await asyncio.sleep(0.2)
        assert said == 10
        await asyncio.sleep(6)
        assert outcome(kiosk) == {"done": True}

    daemon(body)


def test_it_keeps_no_visitor_who_has_left(daemon):
    """Announcements must not carry what was said to one visitor on to the next one."""

    async def body(kiosk):
        await press(kiosk)
        await asyncio.sleep(1)
        await release(kiosk)
        assert await kiosk.until(lambda: kiosk.state == "SPEAKING", 20)
        await idle(kiosk)
        before = kiosk.app.appliance.dialogue.conversation
        session = kiosk.app.snapshot()["link"]["session"]
        for _ in range(3):
            await asyncio.sleep(20)
            assert outcome(kiosk) == {"done": True}
            await idle(kiosk)
        await asyncio.sleep(5)
        assert kiosk.app.appliance.dialogue.conversation == before + 1
        assert kiosk.app.snapshot()["link"]["session"] != session

    daemon(body, "turn.forget_after_s=60")


def test_a_receiver_on_the_hook_says_nothing(daemon):
    async def body(kiosk):
        assert "hook" in outcome(kiosk)["text"]
        await press(kiosk)
        assert outcome(kiosk)["done"] is False
        kiosk.app.command("stop", None)
        assert kiosk.state == "OFF_HOOK"
        assert outcome(kiosk) == {"done": True}
        assert await kiosk.until(lambda: kiosk.state == "SPEAKING", 5)
        assert await kiosk.until(lambda: kiosk.state == "OFF_HOOK", 60)

    daemon(body, "mode=handset")


@pytest.mark.parametrize("text", [None, 7, "", "  ", "a\nb", "a\u2028b", "a\ud800", "a\x1b[0m", "x" * 501])
def test_what_is_no_line_of_text_is_refused(daemon, text):
    from edged.errors import CommandError

    async def body(kiosk):
        with pytest.raises(CommandError):
            kiosk.app.desk.say(text)
        assert kiosk.state == "IDLE"

    daemon(body)


@pytest.mark.parametrize(
    "text",
    [
        "Fermeture à 18\N{NO-BREAK SPACE}h\N{NARROW NO-BREAK SPACE}!",
        "نمی\N{ZERO WIDTH NON-JOINER}توانیم",
        "👩\N{ZERO WIDTH JOINER}🚒",
        "Öffnungs\N{SOFT HYPHEN}zeiten",
    ],
)
def test_a_text_in_any_script_is_said_as_it_is_written(daemon, text):
    async def body(kiosk):
        assert outcome(kiosk, text) == {"done": True}
        await idle(kiosk)
        assert text in kiosk.sent[0]["response"]["instructions"]

    daemon(body)
