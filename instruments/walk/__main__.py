"""`scripts/walk`: how far a press, a wake of the microphone, a delta and a take walk through the files of edged.

The daemon runs in virtual time (instruments/lab). The counts are: calls of functions of edged, the files that these
functions are in, and moves. A move is a call into another file than the previous call; a return is a move to a file
that the walk has left before. A press is counted until nothing more happens at its moment, and until the socket has
the first sound. The others are counted from the call that brings them in to its return, and the median is shown.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

import edged
from edged.local.server import LocalServer
from instruments.lab.kiosk import Kiosk, StampVoice, Visitor
from instruments.lab.loop import run
from instruments.lab.net import SimNet

ROOT = str(Path(edged.__file__).parent) + "/"
NO_CALLS = ("<genexpr>", "<listcomp>", "<dictcomp>", "<setcomp>", "<lambda>", "<module>")
PASSES = {"wake": "Appliance.on_sound", "delta": "Playout.push", "take": "Playout.take"}
ROUNDS = 20  # of the loop, at one moment


class Walk:
    """What was called, in order: (depth, file, function)."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, str, str]] = []

    @property
    def files(self) -> list[str]:
        return [file for _, file, _ in self.steps]

    def parts(self) -> list[Walk]:
        """The calls from the loop or a thread, one walk each, in order."""
        found: list[Walk] = []
        for step in self.steps:
            if step[0] == 1:
                found.append(Walk())
            found[-1].steps.append(step)
        return found

    def passes(self, function: str) -> bool:
        return any(step[2] == function for step in self.steps)

    def until(self, function: str) -> Walk:
        """The walk up to the last call of this function."""
        ends = [place for place, step in enumerate(self.steps) if step[2] == function]
        part = Walk()
        part.steps = self.steps[: ends[-1] + 1] if ends else []
        return part

    def __str__(self) -> str:
        files, seen, moves, returns = self.files, set(self.files[:1]), 0, 0
        for before, file in pairwise(files):
            moves += file != before
            returns += file != before and file in seen
            seen.add(file)
        return f"{len(files):4} calls, {len(set(files)):3} files, {moves:4} moves, {returns:4} returns"


@contextmanager
def walked() -> Iterator[Walk]:
    """Record every call while the context lasts."""
    walk = Walk()
    depth = 0

    def hook(frame: FrameType, event: str, _: Any) -> None:
        nonlocal depth
        file = frame.f_code.co_filename
        if not file.startswith(ROOT) or frame.f_code.co_name in NO_CALLS:
            return
        if event == "call":
            depth += 1
            walk.steps.append((depth, file.removeprefix(ROOT), frame.f_code.co_qualname))
        elif event == "return":
            depth = max(0, depth - 1)

    sys.setprofile(hook)
    try:
        yield walk
    finally:
        sys.setprofile(None)


async def walks(found: dict[str, list[Walk]]) -> None:
    """The walks of a turn; an earlier turn has already loaded and made what later turns keep."""
    net: Any = asyncio.get_running_loop().net  # type: ignore[attr-defined]
    rng = Random(1)
    async with (
        LocalServer(voice=StampVoice(rng)) as server,
        Kiosk(net, server.url, rng, "mode=hold") as kiosk,
    ):
        await kiosk.until(lambda: kiosk.app.link.up, 5.0)
        await asyncio.sleep(1.003)
        await Visitor(kiosk, rng).hold(2.0)
        await kiosk.until(lambda: kiosk.state == "IDLE", 60.0)
        await asyncio.sleep(1.003)
        with walked() as walk:
            kiosk.button.press()
            for _ in range(ROUNDS):
                await asyncio.sleep(0)
        found["press"].append(walk)
        found["press, lit and sent"].append(walk.until("WebsocketTransport.give"))
        with walked() as rest:
            await asyncio.sleep(2.0)
            kiosk.button.release()
            await kiosk.until(lambda: kiosk.state == "IDLE", 60.0)
        for name, function in PASSES.items():
            found[name] += [part for part in rest.parts() if part.passes(function)]


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/walk", description=__doc__)
    parser.add_argument("--path", action="store_true", help="print the functions in the order of their calls")
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)
    found: dict[str, list[Walk]] = defaultdict(list)
    run(walks(found), net=SimNet(latency_ms=10), seed=1)
    for name, each in found.items():
        walk = sorted(each, key=lambda walk: len(walk.steps))[len(each) // 2]
        print(f"{name:20} {walk}")
        if args.path:
            for depth, file, function in walk.steps:
                print(f"  {'  ' * depth}{file}: {function}")


if __name__ == "__main__":
    main()
