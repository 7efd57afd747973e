"""What edged does and costs with a real sound card, compared with arecord and aplay and with pipecat in the same run.

The card is snd-aloop, in a kernel that runs as a program (instruments/rig/card.py). docs/bench-audio.md explains what
this can show. It needs root on a Debian machine. The first run builds the kernel and the disk, which takes about ten
minutes. The measurements take ten more.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from edged.config import Config
from instruments.rig import MISSING, card

MEASURES = (
    "turns",
    "interrupts",
    "cost",
    "peer",
    "backlog",
    "unplug",
    "button",
    "shared",
    "shared_interrupts",
)
Row = tuple[str, str, str, bool | None]


def measured(names: list[str], backend: str) -> dict:
    """Boot the machine and let it measure; return the figures by name."""
    with tempfile.TemporaryDirectory(prefix="edged-bench-") as place:
        share = Path(place)
        words = f"-m instruments.bench.card.measures /mnt/figures --backend {backend} {' '.join(names)}"
        try:
            status = card.run(f"/opt/edged/bin/python {words}", share, timeout_s=1500)
        except RuntimeError as error:  # figures from before the hang are there, and they count
            if not (share / "figures").exists():
                raise
            print(error, file=sys.stderr)
            status = 0
        said = (share / "out").read_text()
        if status or not (share / "figures").exists():
            raise RuntimeError(f"the measures ended with status {status}:\n{said[-3000:]}")
        measures = json.loads((share / "figures").read_text())
    for name, figures in measures.items():
        if "error" in figures:
            print(f"{name}: {figures['error']}\n{said[-3000:]}", file=sys.stderr)
    return measures


def rows(measures: dict) -> Iterator[Row]:
    """Yield a label, the figure, the limit, and whether it holds (None if there is no limit).

    There are rows for each measure that was requested. A measure without a figure counts as missed.
    """
    for name, each in (
        ("turns", _turns),
        ("interrupts", _interrupts),
        ("cost", _cost),
        ("unplug", _unplug),
        ("shared", _shared),
        ("shared_interrupts", _shared_interrupts),
    ):
        if name in measures:
            yield from each(measures[name])
    if "edged_s" in measures.get("cost", {}) and "peer" in measures:
        yield from _beside_pipecat(measures["cost"], measures["peer"])
    for what, key in (("button to first append", "edge_to_append_ms"), ("button to lamp", "edge_to_lamp_ms")):
        if "button" in measures:
            yield f"as a service: {what}", _text(measures["button"].get(key), "ms"), "", None


def _text(of: dict | None, unit: str) -> str:
    return f"{of['p50']:g} / {of['p95']:g} / {of['worst']:g} {unit}" if of and "p50" in of else "no figures"


def _row(what: str, figures: dict, key: str, which: str, limit: float, unit: str) -> Row:
    of = figures.get(key) or {}
    good = which in of and of[which] <= limit
    return what, _text(of, unit), f"{which} <= {limit:g} {unit}", good


def _all(what: str, good: int, every: int) -> Row:
    return what, f"{good} of {every}", "all", good == every > 0


def _turns(turns: dict) -> Iterator[Row]:
    yield _row("first delta to speaker", turns, "delta_to_speaker_ms", "p50", 15, "ms")
    yield _row("press to first append", turns, "press_to_append_ms", "p95", 2, "ms")
    if "bare_press_to_append_ms" in turns:
        yield "  a program that does only that", _text(turns["bare_press_to_append_ms"], "ms"), "", None
    of = turns.get("preroll_ms") or {}
    yield "sound from before the press", _text(of, "ms"), "p50 >= 300 ms", of.get("p50", 0) >= 300
    if "past_the_release_ms" in turns:
        least = turns["least_past_the_release_ms"]
        good = least is not None and least >= Config().turn.release_ms
        what = f">= {Config().turn.release_ms} ms, all"
        yield "sound from after the release", _text(turns["past_the_release_ms"], "ms"), what, good
    yield "mouth to service", _text(turns.get("mouth_to_service_ms"), "ms"), "", None
    yield _all("questions without a fault", turns.get("utterances_whole", 0), turns.get("utterances", 0))
    yield _all("answers without a fault", turns.get("answers_whole", 0), turns.get("answers", 0))


def _interrupts(interrupts: dict) -> Iterator[Row]:
    yield _row("interrupt to silence", interrupts, "interrupt_to_silence_ms", "p95", 40, "ms")
    yield _row("audio_end_ms against the card", interrupts, "audio_end_error_ms", "p95", 20, "ms")


def _cost(cost: dict) -> Iterator[Row]:
    """The cost counts only if everything was answered: a daemon that never answers is cheap."""
    yield _all("questions of that minute answered", cost.get("edged_answers", 0), cost.get("edged_cycles", 0))
    if "edged_s" in cost:
        ratio = cost["edged_s"] / cost["floor_s"]
        yield "arecord and aplay, a minute", f"{cost['floor_s']:.2f} s", "", None
        yield "a minute of conversation", f"{cost['edged_s']:.2f} s", "", None
        yield "  beside arecord and aplay", f"{ratio:.2f}", "<= 2.5", ratio <= 2.5
    if "edged_idle_mb" in cost:
        yield "idle, microphone warm", f"{cost['edged_idle_percent']:.2f} % of a core", "", None
        yield "memory, idle", f"{cost['edged_idle_mb']:.0f} MB", "<= 60 MB", cost["edged_idle_mb"] <= 60


def _beside_pipecat(cost: dict, peer: dict) -> Iterator[Row]:
    if "pipecat_s" not in peer:
        yield "  beside pipecat", "no figures", "<= 0.5", False
        return
    ratio = cost["edged_s"] / peer["pipecat_s"]
    yield "  beside pipecat", f"{ratio:.2f} of {peer['pipecat_s']:.2f} s", "<= 0.5", ratio <= 0.5
    yield "pipecat: first delta to speaker", _text(peer.get("pipecat_delta_to_speaker_ms"), "ms"), "", None
    yield "pipecat: memory", f"{peer['pipecat_mb']:.0f} MB", "", None


def _unplug(unplug: dict) -> Iterator[Row]:
    yield _row("card taken away: noticed", unplug, "noticed_ms", "worst", 300, "ms")
    yield _row("card given back: usable", unplug, "usable_ms", "worst", 2000, "ms")
    yield _row("processor meanwhile", unplug, "cpu_percent", "worst", 5, "%")
    for what, key in (
        ("descriptors leaked", "descriptors_leaked"),
        ("times it did not come back", "not_back"),
    ):
        yield what, str(unplug.get(key, "no figures")), "0", unplug.get(key, 1) <= 0


def _shared(shared: dict) -> Iterator[Row]:
    """On a card that aplay and arecord use at the same time."""
    yield _row("shared: first delta to speaker", shared, "delta_to_speaker_ms", "p50", 15, "ms")
    yield "shared: press to first append", _text(shared.get("press_to_append_ms"), "ms"), "", None
    yield "shared: mouth to service", _text(shared.get("mouth_to_service_ms"), "ms"), "", None
    yield _all(
        "shared: questions without a fault", shared.get("utterances_whole", 0), shared.get("utterances", 0)
    )
    yield _all("shared: answers without a fault", shared.get("answers_whole", 0), shared.get("answers", 0))
    for what, key in (
        ("shared: wrong samples of the sum", "wrong_samples_of_the_sum"),
        ("shared: gaps of arecord", "gaps_of_the_other_recording"),
    ):
        yield what, str(shared.get(key, "no figures")), "0", shared.get(key, 1) == 0


def _shared_interrupts(shared: dict) -> Iterator[Row]:
    yield _row("shared: interrupt to silence", shared, "interrupt_to_silence_ms", "p95", 40, "ms")
    yield _row("shared: audio_end_ms", shared, "audio_end_error_ms", "p95", 20, "ms")


def table(measures: dict) -> str:
    lines = [("", "p50 / p95 / worst", "limit", "")]
    for what, figure, limit, holds in rows(measures):
        lines.append((what, figure, limit, {True: "holds", False: "MISSED", None: ""}[holds]))
    if "backlog" in measures:
        of = measures["backlog"].get("backlog_mb")
        text = "no figures" if of is None else f"{of:.0f} MB"
        good = of is not None and of <= 90
        lines.append(("memory, ten minutes of answer", text, "<= 90 MB", "holds" if good else "MISSED"))
    return "\n".join(
        f"{what:33}{figure:28}{limit:16}{holds}".rstrip() for what, figure, limit, holds in lines
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench audio", description=__doc__.splitlines()[0])
    parser.add_argument(
        "measures", nargs="*", help=f"run only these: {', '.join(MEASURES)}; with options: turns,period_ms=10"
    )
    parser.add_argument("--backend", default="auto", help="sound backend of edged; default: auto")
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    args = parser.parse_args()
    if MISSING or shutil.which("dpkg-deb") is None:
        print(f"scripts/bench audio: {MISSING or 'it needs a Debian machine'}", file=sys.stderr)
        return 1
    measures = measured(args.measures or list(MEASURES), args.backend)
    print(json.dumps(measures, indent=1) if args.json else table(measures))
    return 1 if any("error" in figures for figures in measures.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
