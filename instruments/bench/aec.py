"""`scripts/bench aec`: what remains of the machine's own voice, how speech over it survives, and the cost.

The sound passes the daemon's own stage (edged/audio/dsp/echo.py) in blocks of 20 ms, as a device would deliver it.
Needs the extra `aec`.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np

from edged.audio.dsp.echo import EchoStage
from instruments.bench import rooms
from instruments.bench.noises import pcm16

SCENES = {
    "60 ms": {"delay_ms": 60},
    "180 ms": {"delay_ms": 180},
    "60 ms, 100 ppm": {"delay_ms": 60, "ppm": 100},
    "latency unknown": {"delay_ms": 180, "told_ms": 0},
}


class Through:
    """No canceller at all: the sound passes unchanged."""

    def set_delay(self, ms):
        pass

    def far(self, frame):
        pass

    def near(self, frame):
        return frame


def staged(canceller, scene, latency_ms):
    """The sound that the stage returns, and the processor seconds per second of sound."""
    out = []
    stage = EchoStage(canceller, out.append)
    stage.set_latency(latency_ms)
    far, near = pcm16(scene.far), pcm16(scene.microphone)
    size = rooms.BLOCK * 2
    began = time.process_time()
    for at in range(0, len(far), size):
        stage.taken(far[at : at + size])
        stage.hand(near[at : at + size])
    cost = time.process_time() - began
    return np.frombuffer(b"".join(out), "<i2").astype(float), cost / (len(scene.far) / rooms.RATE_HZ)


def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench aec", description=__doc__)
    parser.add_argument("--seconds", type=float, default=30, help="seconds of sound in each scene")
    seconds = parser.parse_args().seconds
    scenes = {name: dict(scene) for name, scene in SCENES.items()}
    before = resident_mb()
    from edged.audio.dsp.echo_livekit import LivekitEchoCanceller

    LivekitEchoCanceller()
    memory = resident_mb() - before
    print("| delay of the echo | ERLE | talk over it: with / without | ms per second |")
    print("|---|---|---|---|")
    for name, options in scenes.items():
        latency = options.pop("told_ms", options["delay_ms"])
        scene = rooms.scene(seconds, **options)
        cleaned, cost = staged(LivekitEchoCanceller(), scene, latency)
        plain, _ = staged(Through(), scene, latency)
        print(
            f"| {name} | {rooms.erle_db(scene, cleaned):.1f} dB | {rooms.kept(scene, cleaned):.2f} / "
            f"{rooms.kept(scene, plain):.2f} | {cost * 1000:.1f} |"
        )
    print(f"memory: {memory:.0f} MB with its library")


if __name__ == "__main__":
    main()
