"""The measures, one function each. Each returns plain figures in milliseconds, megabytes and seconds.

python -m instruments.bench.card.measures FILE NAME...     writes the figures as JSON to FILE
"""

import argparse
import json
import random
import re
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np

from edged.pcm import PCM16
from edged.system.control_client import ControlClient
from instruments.bench.card import contacts, shared
from instruments.bench.card import kiosk as whole
from instruments.bench.card import rough as scenes
from instruments.bench.card import ruler as rulers
from instruments.bench.card.figures import Figures, after, marks, mouth_to_service, spread, unwrapped
from instruments.bench.card.loop import Recording, playing, status
from instruments.bench.card.ruler import PER_MS, ruler
from instruments.bench.card.subjects import (
    PORT,
    Edged,
    bare,
    cpu_s,
    descriptors,
    floor,
    pipecat,
    resident_mb,
    service,
)

Move = Callable[..., float]
QUESTION_S, ANSWER_S, CYCLE_S = 3.0, 6.0, 10.0


# -- turns ----------------------------------------------------------------------------------------------


def turns(place: Path, *, backend: str, period_ms: int = 20, times: int = 50) -> Figures:
    """Press, speak, release, listen: measures the delays up and down, and checks that every sample arrived."""
    (place / "mic.raw").write_bytes(ruler(1000 * (times * 3 + 20)))
    recording = Recording(place / "speaker.raw")
    with ExitStack() as stack:
        stack.enter_context(service(place, answer_ms=1000))
        since = stack.enter_context(playing(place / "mic.raw"))
        stack.enter_context(recording)
        edged = stack.enter_context(Edged(place, backend=backend, period_ms=period_ms))
        pressed, released = [], []
        time.sleep(0.5)
        for _ in range(times):
            time.sleep(random.uniform(0.4, 0.42))  # so that presses are not in step with the periods
            pressed.append(edged.press())
            time.sleep(0.5)
            released.append(edged.release())
            time.sleep(1.5)
        counters = edged.state()["counters"]
    appends, commits = marks(place, "append"), marks(place, "input_audio_buffer.commit")
    least = _least(place, times // 2)
    came = rulers.samples((place / "appended").read_bytes())
    first, preroll = [], []
    for at in pressed:
        mark = next((mark for mark in appends if mark["at"] >= at), None)
        if mark is None:
            continue
        first.append((mark["at"] - at) * 1e3)
        run = rulers.runs(came[mark["from"] // 2 : (mark["from"] + mark["bytes"]) // 2])
        if run:
            said = (at - since) * PCM16.rate_hz
            k = unwrapped(run[0].first, said)
            preroll.append((said - k) / PER_MS)
    past = _past(appends, came, pressed, released, since)
    unbroken = 0
    for at, till in zip(pressed, [*pressed[1:], 1e12], strict=True):
        mine = [mark for mark in appends if at <= mark["at"] < till]
        if mine:
            sound = came[mine[0]["from"] // 2 : (mine[-1]["from"] + mine[-1]["bytes"]) // 2]
            unbroken += len(rulers.runs(sound)) == 1 and rulers.runs(sound)[0].length == len(sound)
    sound = recording.sound()
    starts = [recording.time_of(start) for start, _ in rulers.bursts(sound)]
    deltas = [mark["at"] for mark in marks(place, "first_delta")]
    down = [(heard - at) * 1e3 for at in deltas if (heard := after(starts, at)) is not None]
    answers = [rulers.runs(sound[start:end]) for start, end in rulers.bursts(sound)]
    return {
        "press_to_append_ms": spread(first),
        "bare_press_to_append_ms": spread(least),
        "preroll_ms": spread(preroll),
        "past_the_release_ms": spread(past),
        "least_past_the_release_ms": round(min(past), 2) if past else None,
        "mouth_to_service_ms": spread(mouth_to_service(appends, came, pressed, released, since)),
        "utterances": len(pressed),
        "utterances_whole": unbroken,
        "commits": len(commits),
        "delta_to_speaker_ms": spread(down),
        "answers": len(deltas),
        "answers_whole": sum(len(each) == 1 and each[0].length == 1000 * PER_MS for each in answers),
        "gaps": sum(max(0, len(each) - 1) for each in answers),
        "counters": counters,
        "overruns_of_the_instrument": recording.overruns,
    }


def _past(
    appends: Sequence[dict],
    came: np.ndarray,
    pressed: Sequence[float],
    released: Sequence[float],
    since: float,
) -> list[float]:
    """How far the sound of each press reaches past its release, in milliseconds."""
    past = []
    for at, till in zip(released, [*pressed[1:], 1e12], strict=True):
        last = next((mark for mark in reversed(appends) if at <= mark["at"] < till), None)
        run = rulers.runs(came[last["from"] // 2 : (last["from"] + last["bytes"]) // 2]) if last else []
        if run:
            said = (at - since) * PCM16.rate_hz
            past.append((unwrapped(run[-1].first + run[-1].length, said) - said) / PER_MS)
    return past


def _least(place: Path, times: int) -> list[float]:
    """Milliseconds from press to append for a program that does nothing else."""
    (inner := place / "bare").mkdir()
    with service(inner), bare(inner) as press:
        pressed = []
        for _ in range(times):
            time.sleep(random.uniform(0.9, 0.92))  # the program is idle before a press, as edged is
            pressed.append(press())
        time.sleep(0.1)
    came = [mark["at"] for mark in marks(inner, "append")]
    return [(arrived - at) * 1e3 for at in pressed if (arrived := after(came, at)) is not None]


# -- interrupts -----------------------------------------------------------------------------------------


def interrupts(place: Path, *, backend: str, period_ms: int = 20, times: int = 20) -> Figures:
    """A press in the middle of a long answer: how soon there is silence, and whether the service hears the truth."""
    (place / "mic.raw").write_bytes(ruler(1000 * (times * 4 + 20)))
    recording = Recording(place / "speaker.raw")
    with ExitStack() as stack:
        stack.enter_context(service(place, answer_ms=20_000, pace=8))
        stack.enter_context(playing(place / "mic.raw"))
        stack.enter_context(recording)
        edged = stack.enter_context(Edged(place, backend=backend, period_ms=period_ms))
        time.sleep(0.5)
        pressed = []
        for _ in range(times + 1):
            pressed.append(edged.press())
            time.sleep(0.4)
            edged.release()
            time.sleep(random.uniform(1.2, 2.0))
        edged.control.command("interrupt")
        time.sleep(0.5)
    truncated = [mark["audio_end_ms"] for mark in marks(place, "conversation.item.truncate")]
    told_at = [mark["at"] for mark in marks(place, "conversation.item.truncate")]
    sound = recording.sound()
    silent, wrong, late = [], [], []
    bursts = rulers.bursts(sound)
    for at in pressed[1:]:
        burst = next((b for b in bursts if recording.time_of(b[0]) < at < recording.time_of(b[1]) + 1), None)
        if burst is None:
            continue
        silent.append((recording.time_of(burst[1]) - at) * 1e3)
        index = next((n for n, when in enumerate(told_at) if at <= when < at + 1), None)
        if index is not None:
            heard = sum(run.length for run in rulers.runs(sound[burst[0] : burst[1]])) / PER_MS
            wrong.append(truncated[index] - heard)
            late.append((told_at[index] - at) * 1e3)
    return {
        "interrupt_to_silence_ms": spread(silent),
        "audio_end_error_ms": spread([abs(each) for each in wrong]),
        "audio_end_bias_ms": round(float(np.median(wrong)), 1) if wrong else None,
        "press_to_truncate_ms": spread(late),
        "truncates": len(truncated),
        "interrupts": len(silent),
    }


# -- what it costs --------------------------------------------------------------------------------------


def _conversation(place: Path, cycles: int) -> None:
    """The visitor's side: a question of three seconds, then silence, again and again."""
    question = ruler(QUESTION_S * 1000)
    quiet = bytes(PCM16.bytes_of((CYCLE_S - QUESTION_S) * 1000))
    (place / "mic.raw").write_bytes((question + quiet) * cycles)


def cost(place: Path, *, backend: str, period_ms: int = 20, cycles: int = 6) -> Figures:
    """A minute of conversation: in every ten seconds, three seconds of question and six of answer."""
    figures: Figures = {}
    minute = cycles * CYCLE_S / 60
    _conversation(place, cycles + 2)
    with floor(place, period_ms) as pids:
        time.sleep(2)
        before, began = [cpu_s(pid) for pid in pids], time.monotonic()
        time.sleep(20)
        took = time.monotonic() - began
        each = [(cpu_s(pid) - was) * 60 / took for pid, was in zip(pids, before, strict=True)]
        figures["arecord_s"], figures["aplay_s"] = (round(one, 3) for one in each)
        figures["floor_s"] = round(sum(each), 3)
    with ExitStack() as stack:
        stack.enter_context(service(place, answer_ms=ANSWER_S * 1000, pace=2))
        edged = stack.enter_context(Edged(place, backend=backend, period_ms=period_ms))
        time.sleep(3)
        idle, began = cpu_s(edged.pid), time.monotonic()
        time.sleep(20)
        figures["edged_idle_percent"] = round((cpu_s(edged.pid) - idle) / (time.monotonic() - began) * 100, 2)
        figures["edged_idle_mb"] = round(resident_mb(edged.pid), 1)
        since = stack.enter_context(playing(place / "mic.raw"))
        before = cpu_s(edged.pid)
        for n in range(cycles):
            time.sleep(max(0, since + n * CYCLE_S + 0.1 - time.monotonic()))
            edged.press()
            time.sleep(QUESTION_S)
            edged.release()
        time.sleep(max(0, since + cycles * CYCLE_S - time.monotonic()))
        figures["edged_s"] = round((cpu_s(edged.pid) - before) / minute, 3)
        figures["edged_mb"] = round(resident_mb(edged.pid), 1)
    figures["edged_answers"], figures["edged_cycles"] = len(marks(place, "first_delta")), cycles
    return figures


def peer(place: Path, *, cycles: int = 6) -> Figures:
    """The same minute for pipecat, which streams all the time and lets the service detect the end of a question."""
    figures: Figures = {}
    minute = cycles * CYCLE_S / 60
    _conversation(place, cycles + 2)
    recording = Recording(place / "speaker.raw")
    with ExitStack() as stack:
        stack.enter_context(service(place, answer_ms=ANSWER_S * 1000, pace=2))
        stack.enter_context(recording)
        pid = stack.enter_context(pipecat(place))
        time.sleep(3)
        figures["pipecat_idle_mb"] = round(resident_mb(pid), 1)
        since = stack.enter_context(playing(place / "mic.raw"))
        before = cpu_s(pid)
        time.sleep(max(0, since + cycles * CYCLE_S - time.monotonic()))
        figures["pipecat_s"] = round((cpu_s(pid) - before) / minute, 3)
        figures["pipecat_mb"] = round(resident_mb(pid), 1)
    sound = recording.sound()
    starts = [recording.time_of(start) for start, _ in rulers.bursts(sound)]
    deltas = [mark["at"] for mark in marks(place, "first_delta")]
    down = [(heard - at) * 1e3 for at in deltas if (heard := after(starts, at)) is not None]
    figures["pipecat_delta_to_speaker_ms"] = spread(down)
    figures["pipecat_answers"] = len(deltas)
    return figures


def backlog(place: Path, *, backend: str) -> Figures:
    """Ten minutes of answer that arrive within ten seconds."""
    (place / "mic.raw").write_bytes(ruler(60_000))
    with ExitStack() as stack:
        stack.enter_context(service(place, answer_ms=600_000, pace=60, delta_ms=1000))
        stack.enter_context(playing(place / "mic.raw"))
        edged = stack.enter_context(Edged(place, backend=backend))
        time.sleep(3)
        idle = resident_mb(edged.pid)
        edged.press()
        time.sleep(0.5)
        edged.release()
        most, until = 0.0, time.monotonic() + 15
        while time.monotonic() < until:
            most = max(most, resident_mb(edged.pid))
            time.sleep(0.2)
        peak, state = resident_mb(edged.pid, "VmHWM"), edged.state()["state"]
    done = marks(place, "response.done")
    return {
        "idle_mb": round(idle, 1),
        "backlog_mb": round(most, 1),
        "peak_mb": round(peak, 1),
        "state": state,
        "sent": len(done),
    }


# -- the card goes, and comes back ----------------------------------------------------------------------

DEVICE = "hw:CARD=Loopback,DEV=0"
DRIVER = Path("/sys/bus/platform/drivers/snd_aloop")


def unplug(place: Path, *, backend: str, times: int = 20) -> Figures:
    """Take the card away in the middle of a question and give it back two seconds later, many times."""
    noticed, back, used, open_before = [], [], [], 0
    lost = 0
    with ExitStack() as stack:
        stack.enter_context(service(place, answer_ms=500))
        edged = stack.enter_context(Edged(place, backend=backend))
        time.sleep(1)
        for n in range(times):
            if n == 1:
                open_before = descriptors(edged.pid)
            edged.press()
            time.sleep(0.3)
            gone = _unbind(edged)
            noticed.append(gone)
            before, began = cpu_s(edged.pid), time.monotonic()
            time.sleep(1.5)
            used.append((cpu_s(edged.pid) - before) / (time.monotonic() - began) * 100)
            edged.release()
            at = time.monotonic()
            (DRIVER / "bind").write_text("snd_aloop.0")
            while not edged.ready():
                if time.monotonic() > at + 15:
                    lost += 1
                    break
                time.sleep(0.02)
            back.append((time.monotonic() - at) * 1e3)
            time.sleep(1.0)
        leak = descriptors(edged.pid) - open_before
        state = edged.state()
        edged_hears = _turn(place, edged, stack)
    return {
        **edged_hears(),
        "noticed_ms": spread(noticed),
        "usable_ms": spread(back),
        "cpu_percent": spread(used),
        "not_back": lost,
        "descriptors_leaked": leak,
        "turns": state.get("turns"),
        "counters": state.get("counters"),
    }


def taken(place: Path, *, backend: str) -> Figures:
    """Other programs hold both halves of the card when edged starts, and release them later."""
    with ExitStack() as stack:
        stack.enter_context(service(place, answer_ms=500))
        with floor(place, 20) as pids:
            edged = stack.enter_context(
                Edged(
                    place, backend=backend, card=DEVICE, ready=lambda it: len(it.state().get("lost", ())) == 2
                )
            )
            time.sleep(1)
            refused = edged.state()
        at = time.monotonic()
        while not edged.ready() and time.monotonic() < at + 15:
            time.sleep(0.02)
        usable, back = edged.ready(), (time.monotonic() - at) * 1e3
        said = edged.log.read_text()
        heard = _turn(place, edged, stack)
    return {
        **heard(),
        "lost": refused["lost"],
        "holders_named": all(str(pid) in said for pid in pids),
        "usable": usable,
        "usable_ms": round(back, 1),
    }


def _turn(place: Path, edged: Edged, stack: ExitStack) -> Callable[[], Figures]:
    """Ask one question with its answer; the returned function gives the result once the service has ended."""
    (place / "mic.raw").write_bytes(ruler(20_000))
    recording = Recording(place / "speaker.raw")
    stack.enter_context(playing(place / "mic.raw"))
    stack.enter_context(recording)
    time.sleep(0.5)
    edged.press()
    time.sleep(0.5)
    edged.release()
    time.sleep(1.5)
    sound = recording.sound

    def figures() -> Figures:
        came = rulers.runs(rulers.samples((place / "appended").read_bytes()))
        return {
            "heard_afterwards": bool(came) and came[-1].length > 500 * PER_MS,
            "said_afterwards": any(run.length >= 500 * PER_MS for run in rulers.runs(sound())),
        }

    return figures


def _unbind(edged: Edged) -> float:
    """Take the card away; return the milliseconds until the daemon says that the microphone has gone.

    The kernel's call returns only when nobody has the card open any more, so another thread makes it.
    """

    thread = Thread(target=lambda: (DRIVER / "unbind").write_text("snd_aloop.0"))
    at = time.monotonic()
    thread.start()
    while edged.state().get("microphone", False):
        if time.monotonic() > at + 10:
            break
        time.sleep(0.01)
    took = (time.monotonic() - at) * 1e3
    thread.join(timeout=20)
    return took


def states(place: Path, *, backend: str) -> Figures:
    """What an observer outside can see of the microphone's states."""
    seen: Figures = {}
    (place / "mic.raw").write_bytes(ruler(60_000))
    for capture in ("warm", "closed"):
        with (
            service(place, answer_ms=300),
            playing(place / "mic.raw"),
            Edged(place, backend=backend, capture=capture) as edged,
        ):
            time.sleep(0.5)
            seen[f"{capture}_idle"] = status("pcm0c")["state"]
            edged.press()
            time.sleep(0.6)
            seen[f"{capture}_pressed"] = status("pcm0c")["state"]
            edged.release()
            time.sleep(1.5)
            seen[f"{capture}_after"] = status("pcm0c")["state"]
            edged.control.command("mute")
            time.sleep(0.5)
            seen[f"{capture}_muted"] = status("pcm0c")["state"]
    return seen


# -- the whole kiosk ------------------------------------------------------------------------------------


def button(
    place: Path,
    *,
    backend: str,
    panel: str = "gpiozero",
    unit: str = "",
    move: Move = whole.move,
    times: int = 20,
) -> Figures:
    """A button, edged under its own unit: the time from the edge to the lamp and to the service."""
    (place / "mic.raw").write_bytes(ruler(1000 * (times * 3 + 30)))
    pressed, lit = [], []
    with ExitStack() as stack:
        stack.enter_context(service(place, answer_ms=500))
        stack.enter_context(playing(place / "mic.raw"))
        stack.enter_context(whole.kiosk(PORT, drop_in=unit, panel=panel))
        time.sleep(1)
        for _ in range(times):
            time.sleep(random.uniform(0.4, 0.42))
            was = whole.lamp()
            pressed.append(move(pressed=True))
            while not whole.lamp() and time.monotonic() < pressed[-1] + 0.2:
                time.sleep(0.0005)
            if not was:
                lit.append((time.monotonic() - pressed[-1]) * 1e3)
            time.sleep(0.5)
            move(pressed=False)
            time.sleep(1.2)
        memory, again, said = resident_mb(whole.pid()), whole.restarts(), whole.journal()
        libraries = whole.pin_libraries()
    appends = marks(place, "append")
    first = [
        (at - press) * 1e3
        for press in pressed
        if (at := after([mark["at"] for mark in appends], press)) is not None
    ]
    return {
        "edge_to_append_ms": spread(first),
        "edge_to_lamp_ms": spread(lit),
        "presses": len(pressed),
        "answers": len(marks(place, "first_delta")),
        "memory_mb": round(memory, 1),
        "restarts": again,
        "auto": re.findall(r"auto: (.*)", said)[-1:],
        "pin_libraries": libraries,
        "without_priority": "no real-time priority" in said,
    }


def pedal(place: Path, *, backend: str, times: int = 20) -> Figures:
    """A key of an input device: what the unit says before it is allowed, presses, and the pedal unplugged."""
    with contacts.pedal() as device:
        denied = {
            name: _trouble(place, backend, unit)
            for name, unit in (
                ("unit as it is", ""),
                ("with the group", "[Service]\nSupplementaryGroups=input"),
            )
        }

        figures = button(
            place, backend=backend, panel="pedal", unit=whole.ALLOWED, move=_foot(device), times=times
        )
    return {**figures, "denied": denied, **_unplugged(place)}


def _foot(device: Any) -> Move:
    """What moves the pedal."""

    def move(*, pressed: bool) -> float:
        at = time.monotonic()
        device.move("KEY_B", int(pressed))
        return at

    return move


def rough(place: Path, *, backend: str, panel: str = "gpiozero") -> Figures:
    """A contact that bounces, is held, loses edges, is busy, or is held at the start."""
    if panel != "pedal":
        return scenes.rough(place, panel, whole.move)
    with contacts.pedal() as device:
        return scenes.rough(place, panel, _foot(device))


def _trouble(place: Path, backend: str, unit: str) -> str:
    """What the kiosk says of a button that it may not use."""

    def is_told(state: dict[str, Any]) -> bool:
        return whole.is_connected(state) and "button" in state["lost"]

    with (
        service(place, answer_ms=500),
        whole.kiosk(PORT, drop_in=unit, ready=is_told, panel="pedal"),
    ):
        return next(each["text"] for each in (whole.state() or {})["troubles"] if each["what"] == "button")


def _unplugged(place: Path) -> Figures:
    """Without the pedal a press from the control socket is answered; with it, the pedal is used again."""
    (place / "mic.raw").write_bytes(ruler(60_000))  # without sound nothing would be asked
    with ExitStack() as stack:
        stack.enter_context(service(place, answer_ms=500))
        stack.enter_context(playing(place / "mic.raw"))
        stack.enter_context(whole.kiosk(PORT, drop_in=whole.ALLOWED, ready=whole.is_connected, panel="pedal"))
        lost = dict((whole.state() or {})["lost"])
        with ControlClient(whole.SOCKET) as client:
            client.command("press")
            time.sleep(1)
            client.command("release")
            time.sleep(2)
        with contacts.pedal():
            at = time.monotonic()
            while (whole.state() or {}).get("lost") and time.monotonic() < at + 10:
                time.sleep(0.05)
            back_ms = (time.monotonic() - at) * 1e3
    return {"lost": lost, "answers_without": len(marks(place, "first_delta")), "back_ms": round(back_ms)}


EVERY: dict[str, Callable[..., Figures]] = {
    "turns": turns,
    "interrupts": interrupts,
    "cost": cost,
    "peer": peer,
    "backlog": backlog,
    "unplug": unplug,
    "states": states,
    "taken": taken,
    "button": button,
    "shared": shared.configured,
    "shared_by_ladder": shared.by_ladder,
    "shared_interrupts": shared.interrupts,
    "shared_service": shared.service_of_systemd,
    "gpiod": partial(button, panel="gpiod"),
    "plain": partial(button, panel="plain"),
    "old": partial(button, panel="old"),
    "pedal": pedal,
    **{f"rough_{panel}": partial(rough, panel=panel) for panel in ("gpiozero", "gpiod", "pedal")},
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("into", type=Path)
    parser.add_argument("names", nargs="+", help="a measure, with options: turns,period_ms=10")
    parser.add_argument("--backend", default="auto")
    args = parser.parse_args()
    results: Figures = {}
    for name in args.names:
        measure, *words = name.split(",")
        options: dict[str, object] = {key: int(value) for key, value in (word.split("=") for word in words)}
        if measure != "peer":
            options["backend"] = args.backend
        with tempfile.TemporaryDirectory(dir="/dev/shm", prefix=f"{measure}-") as place:
            try:
                results[name] = EVERY[measure](Path(place), **options)
            except Exception as error:  # noqa: BLE001 the other measures still run
                traceback.print_exc()
                results[name] = {"error": repr(error)}
                for log in Path(place).glob("*.log"):
                    print(log.read_text()[-3000:], file=sys.stderr)
        print(name, json.dumps(results[name]), flush=True)
        args.into.write_text(json.dumps(results))


if __name__ == "__main__":
    main()
