"""The steps of `edged setup` that find the microphone by hearing it, and the speaker by being heard."""

import sys
from collections.abc import Iterator

from edged.app.listening import Listening, SoundDevice, candidates
from edged.audio.capture.level_bar import bar
from edged.audio.capture.level_meter import LevelHistory, SoundLevel
from edged.audio.capture.spoken import Spoken
from edged.causes import CAUSES
from edged.cli.screen import LiveLine, is_live
from edged.cli.setup_ask import Asker, Option, entered, say
from edged.cli.status import printable
from edged.config import Config
from edged.config.part import names_of
from edged.errors import DeviceError, UsageError

QUIET_S, SPEAK_S = 2.0, 20.0
ENOUGH_S = 1.5  # after the first one has heard it: a nearer one may take longer
KEEP, AGAIN, NO = "keep", "again", "no"
BAR = 20
DEFAULT = ("default",)
"""The only card, or for the speaker the card of the microphone. It stays so if somebody replaces the card."""
WORDS = ((-20.0, "loud"), (-45.0, "speech"), (-65.0, "faint"))


def microphone(config: Config, asker: Asker, *, plain: bool) -> SoundDevice | None:
    """The microphone at which the person speaks; None: the present setting stays."""
    found = candidates("microphone", config)
    present = ", ".join(names_of(config.microphone.device))
    if not found:
        say("No microphone is there. The present setting stays: " + printable(present))
        return None
    count = "one microphone" if len(found) == 1 else f"{len(found)} microphones at once"
    say(f"edged listens to {count}. Please be quiet for two seconds.")
    while True:
        heard = _heard(config, found, plain=plain)
        if isinstance(heard, SoundDevice):
            say(f"You spoke into {printable(heard.title)!r} ({printable(heard.device)}).")
            is_default = len(found) == 1 and names_of(config.microphone.device) == DEFAULT
            return heard._replace(device=DEFAULT[0]) if is_default else heard
        likely, failed = heard
        for device, error in failed.items():
            say(printable(f"{device}: {error.cause}: {error}. {CAUSES[error.cause].remedy}"))
        say("Several microphones heard you alike." if likely else "No microphone heard you clearly.")
        order = [*likely, *(each for each in found if each not in likely)]
        options = [
            Option(AGAIN, "Try again: speak near the microphone, as loud as a visitor"),
            *(Option(f"={each.device}", printable(f"{each.title} ({each.device})")) for each in order),
            Option(KEEP, printable(f"Keep the present setting: {present}")),
        ]
        chosen = asker.choose(
            "Which microphone?", options, "--microphone NAME", f"={likely[0].device}" if likely else AGAIN
        )
        if chosen == KEEP:
            return None
        if chosen != AGAIN:
            return next(each for each in found if f"={each.device}" == chosen)
        say("Please be quiet for two seconds.")


def _heard(
    config: Config, found: list[SoundDevice], *, plain: bool
) -> SoundDevice | tuple[list[SoundDevice], dict[str, DeviceError]]:
    """The one that hears speech beyond doubt; or those that may be it, and why others cannot be heard."""
    spoken, histories = Spoken(), {each.device: LevelHistory() for each in found}
    titles = {each.device: each.title for each in found}
    with _Bars(titles, histories, plain=plain) as bars, Listening(config, found) as listening:
        for device, level in listening.levels(QUIET_S):
            spoken.quiet(device, level)
            bars.show(device, level)
        bars.say("Now speak: say a sentence or two, near the microphone. Enter ends this.")
        first_s = 0.0
        for waited_s in _tenths(SPEAK_S):
            for device, level in listening.levels(0.1):
                spoken.heard(device, level)
                bars.show(device, level)
            if spoken.fitting and not first_s:
                first_s = waited_s
            if (first_s and waited_s - first_s >= ENOUGH_S) or entered(0.0):
                break
        failed = dict(listening.failed)
    one = spoken.one
    by_name = {each.device: each for each in found}
    return by_name[one] if one is not None else ([by_name[name] for name in spoken.fitting], failed)


def speaker(config: Config, asker: Asker, microphone_title: str) -> SoundDevice | None:
    """The speaker that the person hears; None: the present setting stays."""
    found = candidates("speaker", config)
    present = ", ".join(names_of(config.speaker.device))
    if not found:
        say("No speaker is there. The present setting stays: " + printable(present))
        return None
    found.sort(key=lambda each: each.title != microphone_title)  # a speakerphone is both
    say(
        "edged plays a tone"
        + ("." if len(found) == 1 else f" on {len(found)} speakers, one after the other.")
    )
    at = 0
    while at < len(found):
        each = found[at]
        try:
            _play(config, each.device)
        except DeviceError as error:
            say(printable(f"{each.title}: {error.cause}: {error}. {CAUSES[error.cause].remedy}"))
            at += 1
            continue
        options = (
            Option("yes", "Yes"),
            Option(NO, "No" + (": try the next one" if at + 1 < len(found) else "")),
            Option(AGAIN, "Play it again"),
        )
        question = printable(f"Did you hear the tone from {each.title} ({each.device})?")
        chosen = asker.choose(question, options, "--speaker NAME", "yes")
        if chosen == "yes":
            is_default = len(found) == 1 or each.title == microphone_title
            stays = is_default and names_of(config.speaker.device) == DEFAULT
            return each._replace(device=DEFAULT[0]) if stays else each
        at += chosen == NO
    say(
        "No speaker was heard. Check its cable, its power and its volume knob. The present setting stays: "
        + present
    )
    return None


def opened(config: Config, what: str) -> str:
    """Which device this configuration opens, in words. Raises UsageError with the names to choose from."""
    from edged.app.device_report import DeviceReport
    from edged.app.settings import input_format
    from edged.pcm import PCM16

    rates = {"microphone": input_format(config).rate_hz, "speaker": PCM16.rate_hz}
    about = DeviceReport(config, rates).all()[what]
    if about["opened"] is not None:
        card = f" ({about['card']})" if about.get("card") else ""
        return printable(f"{about['opened']!r}{card}")
    named = ", ".join(repr(each.device) for each in candidates(what, config)) or "none"
    raise UsageError(
        printable(
            f"{about['cause']}: {about['error']}. {about['remedy']}"
            f" Name the {what} with --{what} NAME; those that are there: {named}"
        )
    )


def _play(config: Config, device: str) -> None:
    from edged.app import sound_trial
    from edged.config import with_value

    sound_trial.play(with_value(config, "speaker.device", device), sound_trial.tone(), {}, lambda _: None)


def _tenths(seconds: float) -> Iterator[float]:
    """The time since the beginning, about every tenth of a second."""
    import time

    began_s = time.monotonic()
    while (passed_s := time.monotonic() - began_s) < seconds:
        yield passed_s


class _Bars:
    """Shows the level of the loudest microphone: as a line that moves, or in words whenever they change."""

    def __init__(self, titles: dict[str, str], histories: dict[str, LevelHistory], *, plain: bool) -> None:
        self._titles, self._histories = titles, histories
        self._live = LiveLine(sys.stdout) if is_live(sys.stdout) and not plain else None
        self._last: dict[str, SoundLevel] = {}
        self._words: dict[str, str] = {}

    def __enter__(self) -> "_Bars":
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.clear()

    def say(self, text: str) -> None:
        if self._live is not None:
            self._live.clear()
        say(text)

    def show(self, device: str, level: SoundLevel) -> None:
        self._histories[device].add(level)
        self._last[device] = level
        title = printable(self._titles[device])[:30]
        if self._live is None:
            words = next((word for least, word in WORDS if level.rms_dbfs >= least), "quiet")
            if words != self._words.get(device):
                self._words[device] = words
                say(f"{title}: {words}")
            return
        loudest = max(self._last, key=lambda name: self._last[name].rms_dbfs)
        if loudest == device:
            self._live.show(f"{bar(level, self._histories[device], BAR)}  {title}")
