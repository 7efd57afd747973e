"""`scripts/bench activity`: how much speech is lost in noise, how often noise counts as speech, and the cost."""

from __future__ import annotations

import argparse
import time

from edged.audio.capture.activity import Activity
from instruments.bench import noises


def judge(sound: bytes) -> int:
    activity = Activity()
    activity.begin()
    activity.feed(sound)
    return activity.speech_ms


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench activity", description=__doc__)
    parser.add_argument(
        "--least-ms", type=int, default=80, help="milliseconds of speech that an utterance needs to be sent"
    )
    options = parser.parse_args()
    names, ratios = noises.spoken_names(), (20, 10, 5, 3, 0)
    print(f"{len(names)} utterances; each row: % lost at each ratio of speech to noise")
    print("| noise     |" + "".join(f" {ratio:3} dB |" for ratio in ratios) + " silences sent |")
    print("|---|" + "---|" * (len(ratios) + 1))
    for kind in noises.NOISES:
        cells = []
        for ratio in ratios:
            sounds = (noises.pcm16(noises.said(name, kind, ratio, seed)) for seed, name in enumerate(names))
            lost = sum(judge(sound) < options.least_ms for sound in sounds)
            cells.append(f"{100 * lost / len(names):4.0f} %")
        silences = [noises.noise(kind, 1 + seed % 6, 1000, seed) for seed in range(100)]
        taken = sum(judge(noises.pcm16(sound)) >= options.least_ms for sound in silences)
        print(f"| {kind:9} | " + " | ".join(cells) + f" | {taken:9} % |")
    clicked = [noises.clicks(1 + seed % 6, 8000, seed) for seed in range(100)]
    taken = sum(judge(noises.pcm16(sound)) >= options.least_ms for sound in clicked)
    print(f"clicks: {taken} of 100 sent")
    cost()


def cost(seconds: int = 60) -> None:
    sound = noises.pcm16(noises.noise("pink", seconds, 3000, 1))
    blocks = [sound[at : at + 1920] for at in range(0, len(sound), 1920)]
    activity = Activity()
    began = time.process_time()
    for block in blocks:
        activity.feed(block)
    fed = time.process_time()
    activity.speech_ms  # noqa: B018 the access is what is measured
    ended = time.process_time()
    print(f"cost: {(fed - began) * 1000 / seconds:.2f} ms per second of sound, in blocks of 40 ms")
    print(f"      {(ended - fed) * 1000:.2f} ms to judge {seconds} s")


if __name__ == "__main__":
    main()
