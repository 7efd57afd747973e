"""`scripts/bench release`: how much sound a last syllable needs after the moment at which its vowel ends.

A visitor who has spoken the last vowel feels finished and lets go of the button. What follows is quieter: an ending
such as -s, -t or -n, and the sound that dies away. For each recorded utterance, this measures the time from the end of
the last vowel to the end of the speech:

- the speech ends with the last 10 ms that are louder than `QUIET_DB` below the loudest 10 ms;
- the last vowel ends with the last 10 ms that are louder than `VOWEL_DB` below the loudest 10 ms.

Then it cuts each utterance at the end of the vowel plus a delay, and counts those whose speech is cut.
"""

from __future__ import annotations

import argparse

import numpy as np

from edged.pcm import PCM16
from instruments.bench import noises

FRAME_MS = 10
QUIET_DB, VOWEL_DB = 35.0, 15.0
DELAYS_MS = (0, 50, 100, 150, 200, 250, 300)


def ending_ms(voice: np.ndarray) -> int:
    """The time from the end of the last vowel to the end of the speech."""
    size = PCM16.rate_hz * FRAME_MS // 1000
    frames = voice[: len(voice) // size * size].reshape(-1, size).astype(float)
    levels = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-9)
    speech = np.nonzero(levels > levels.max() - QUIET_DB)[0][-1]
    vowel = np.nonzero(levels > levels.max() - VOWEL_DB)[0][-1]
    return int(speech - vowel) * FRAME_MS


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench release", description=__doc__)
    parser.parse_args()
    endings = np.array([ending_ms(noises.speech(name)) for name in noises.spoken_names()])
    p50, p90 = np.percentile(endings, [50, 90])
    print(f"{len(endings)} utterances: median {p50:.0f} ms, 90 % {p90:.0f} ms, longest {endings.max()} ms")
    print("| delay | " + " | ".join(f"{delay} ms" for delay in DELAYS_MS) + " |")
    print("|---|" + "---|" * len(DELAYS_MS))
    print("| cut | " + " | ".join(str(int((endings > delay).sum())) for delay in DELAYS_MS) + " |")


if __name__ == "__main__":
    main()
