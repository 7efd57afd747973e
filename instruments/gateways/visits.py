"""What happens in front of a kiosk, from its start to its end: one function per visit, and a table of them."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from instruments.gateways.kiosk import Kiosk
from instruments.gateways.programs import Gateway

MOMENT_S = 1.0
NOTICED_WITHIN_S = 60.0  # the daemon promises at most 20 s; a machine may be busy
BACK_WITHIN_S = 120.0  # waits grow while nobody answers, up to 60 s

Act = Callable[[Kiosk, Gateway, dict[str, Any]], None]


@dataclass(frozen=True)
class Visit:
    """`act` may record what it sees. `own` gives the visit its own gateway: it would disturb other visits there.

    `served` are more arguments for the service, `settings` are other sections of the daemon's configuration, and
    `key` is another key.
    """

    act: Act
    script: str = ""
    served: tuple[str, ...] = ()
    own: bool = False
    settings: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    key: str = ""


def talk(kiosk: Kiosk, _: Gateway, seen: dict[str, Any]) -> None:
    """Five questions in one session: answered, answered, answered after a tool call, refused, answered."""
    kiosk.wait_for_link()
    seen["notices"] = []
    for seconds in (1.0, 1.4, 1.0, 1.0, 1.0):
        notices_before = len(kiosk.notices)
        kiosk.ask(seconds)
        seen["notices"].append(kiosk.notices[notices_before:])


def interrupt(kiosk: Kiosk, _: Gateway, __: dict[str, Any]) -> None:
    """The next question interrupts an answer."""
    kiosk.wait_for_link()
    kiosk.hold(1.0)
    _until_it_speaks(kiosk)
    kiosk.ask(1.0)


def outages(kiosk: Kiosk, gateway: Gateway, seen: dict[str, Any]) -> None:
    """The gateway dies three times: while the kiosk is idle, during a press, and in the middle of an answer."""
    kiosk.wait_for_link()
    time.sleep(MOMENT_S)
    _outage(kiosk, gateway)

    kiosk.command("press")
    time.sleep(MOMENT_S)
    gateway.kill()
    time.sleep(MOMENT_S)
    kiosk.command("release")
    kiosk.until("the link down", lambda: not kiosk.up, NOTICED_WITHIN_S)
    gateway.start()
    kiosk.wait_for_link(BACK_WITHIN_S)
    kiosk.rest()
    seen["told_of_what_was_said"] = list(kiosk.notices)

    kiosk.hold(1.0)
    _until_it_speaks(kiosk)
    _outage(kiosk, gateway)
    kiosk.rest()
    seen["told_of_the_answer"] = kiosk.notices[len(seen["told_of_what_was_said"]) :]
    kiosk.ask()


def refused(kiosk: Kiosk, gateway: Gateway, seen: dict[str, Any]) -> None:
    """At first, the service behind the gateway refuses the connection."""
    kiosk.until("a first failure", lambda: kiosk.downs, NOTICED_WITHIN_S)
    seen["down_after_s"] = next(link["seen_s"] for link in kiosk.links if link["cause"]) - kiosk.began_s
    if kiosk.downs == ["key_refused"]:  # no retry comes soon without a visitor: somebody must ask
        time.sleep(6.0)
    else:
        kiosk.wait_for_link(BACK_WITHIN_S)
    kiosk.ask()


def silent_at_rest(kiosk: Kiosk, _: Gateway, seen: dict[str, Any]) -> None:
    """The service goes away silently while the kiosk is idle."""
    kiosk.until("the link down", lambda: kiosk.downs, NOTICED_WITHIN_S)
    kiosk.wait_for_link(BACK_WITHIN_S)
    seen["told_of_it"] = list(kiosk.notices)
    kiosk.ask()


def silent_to_words(kiosk: Kiosk, _: Gateway, __: dict[str, Any]) -> None:
    """The service goes away silently while somebody speaks."""
    kiosk.wait_for_link()
    kiosk.hold(2.0)
    kiosk.until("the link down", lambda: kiosk.downs, NOTICED_WITHIN_S)
    kiosk.until("an answer", lambda: kiosk.of("usage"), BACK_WITHIN_S)
    kiosk.rest()


def silent_in_an_answer(kiosk: Kiosk, _: Gateway, seen: dict[str, Any]) -> None:
    """The service goes away silently in the middle of its answer."""
    kiosk.wait_for_link()
    kiosk.ask()
    kiosk.until("the link down", lambda: kiosk.downs, NOTICED_WITHIN_S)
    kiosk.wait_for_link(BACK_WITHIN_S)
    kiosk.rest()
    seen["told_of_it"] = list(kiosk.notices)
    kiosk.ask()


def expired(kiosk: Kiosk, _: Gateway, seen: dict[str, Any]) -> None:
    """The session expires after the first answer."""
    kiosk.wait_for_link()
    kiosk.ask()
    kiosk.until("the link down", lambda: kiosk.downs, NOTICED_WITHIN_S)
    kiosk.wait_for_link(BACK_WITHIN_S)
    seen["told_of_it"] = list(kiosk.notices)
    kiosk.ask()


def converted(kiosk: Kiosk, _: Gateway, __: dict[str, Any]) -> None:
    """The service does not speak the dialect that was tried first."""
    kiosk.wait_for_link(BACK_WITHIN_S)
    kiosk.ask()


def not_alone(kiosk: Kiosk, _: Gateway, seen: dict[str, Any]) -> None:
    """The service confirms what somebody else asks for, before our request and after it."""
    kiosk.wait_for_link(BACK_WITHIN_S)
    kiosk.ask()
    kiosk.ask(1.4)
    seen["counters"] = kiosk.command("status")["counters"]


def locked_out(kiosk: Kiosk, _: Gateway, seen: dict[str, Any]) -> None:
    """The key is unknown to the gateway; somebody presses all the same."""
    kiosk.until("a first failure", lambda: kiosk.downs, NOTICED_WITHIN_S)
    kiosk.hold(1.0)
    kiosk.until("a notice", lambda: kiosk.notices, NOTICED_WITHIN_S)
    kiosk.rest()
    seen["light"] = kiosk.command("status")["light"]


def _until_it_speaks(kiosk: Kiosk) -> None:
    """Wait until the beginning of an answer has been heard."""
    marks_before = len([mark for mark in kiosk.of("mark") if mark["name"] == "first_sound"])
    if kiosk.state not in ("SPEAKING", "DRAINING"):
        kiosk.until(
            "an answer's first sound",
            lambda: len([mark for mark in kiosk.of("mark") if mark["name"] == "first_sound"]) > marks_before,
            NOTICED_WITHIN_S,
        )
    time.sleep(MOMENT_S)


def _outage(kiosk: Kiosk, gateway: Gateway) -> None:
    """The gateway dies and comes back; the link does so too, on its own."""
    gateway.kill()
    kiosk.until("the link down", lambda: not kiosk.up, NOTICED_WITHIN_S)
    gateway.start()
    kiosk.wait_for_link(BACK_WITHIN_S)


# A gateway may need long to start again, and the microphone's file is short. So the file runs only during presses.
PATIENT = {"turn": {"keep_s": 120}, "microphone": {"capture": "closed"}}
STRANGE = ("voice", "instructions@session.update", "detection@input_audio_buffer.committed")
VISITS = {
    "talk": Visit(talk, "talk"),
    "interrupt": Visit(interrupt, "story"),
    "outages": Visit(outages, "outage", own=True, settings=PATIENT),
    "refused": Visit(refused, served=("--fault", "refuse:401~1")),
    "silent-at-rest": Visit(silent_at_rest, served=("--fault", "drop@session.updated~1")),
    "silent-to-words": Visit(silent_to_words, served=("--fault", "drop@input_audio_buffer.append#10~1")),
    "silent-in-an-answer": Visit(
        silent_in_an_answer, "cut", served=("--fault", "drop@response.output_audio.delta#15~1")
    ),
    "expired": Visit(expired, served=("--fault", "expire@response.done~1")),
    "converted": Visit(converted, served=("--speaks", "ga"), settings={"provider": {"dialect": "auto"}}),
    "not-alone": Visit(
        not_alone,
        served=sum((("--fault", f"stranger:{what}") for what in STRANGE), ()),
        settings={"provider": {"voice": "alloy", "instructions": "Be brief."}},
    ),
    "locked-out": Visit(locked_out, settings={"turn": {"keep_s": 3}}, key="sk-of-nobody"),
}
