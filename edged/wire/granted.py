"""Compares the session that the server reports with the settings that were asked for.

Rules:
1. The server must confirm the settings that a press depends on. For the others, no report counts as consent.
2. Some servers report a setting at the other dialect's key. The settings that a press depends on are looked up at both
   keys. A value that was not asked for is a mismatch at either key. A missing key means nothing.
   Where a detection was confirmed, a null for it means something, too: the server has removed the detection.
3. A server may add fields, round numbers, and report an object with an id or a name in place of that name, or the name
   in place of the object. It may write a voice in other capitals, report a format as a name or as an object, and report
   the absence of detection in several ways (null, false, "none").
4. Of the modalities, only sound matters: whether answers are spoken. Text beside it changes nothing.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from edged.wire.names import Dialect
from edged.wire.settings import GA_FORMATS, TABLE, UNSET, Settings, TurnDetection, dialect_of, value_of
from edged.wire.shape import PCM_NAMES, PLAIN, Shape

# A gateway answers with the upstream's name for the model. Not every server repeats the other two.
_NOT_COMPARED = frozenset({"model", "tracing", "include"})
_OF_SOUND = frozenset({"voice", "output_format"})
_FORMATS = frozenset({"input_format", "output_format"})
_RATE = re.compile(r"(?<!\d)(\d{4,6})_?hz")  # in the name of a format: pcm16_16000hz
_ENCODINGS = dict.fromkeys((*PCM_NAMES, "audio/pcm"), "pcm") | {name: own for own, name in GA_FORMATS.items()}


def mismatches(asked: Settings, effective: Mapping[str, Any], dialect: Dialect) -> list[str]:
    """The differences between `asked` and what the server set up, as texts that name the key.

    `effective` is the session of `session.updated`. It is read in the dialect that it shows, else in `dialect`.
    Instructions, voice, formats, turn detection and the names of the tools must be there as asked. Voice and output
    format must be there only when sound is asked for. For any other setting, null or missing is no mismatch.
    """
    return [words for of in _compared(asked, effective, dialect) for words in of.differences()]


def changes(asked: Settings, effective: Mapping[str, Any], dialect: Dialect) -> dict[str, str]:
    """The differences in the settings that a press depends on: a text for each setting's name.

    A setting that `effective` does not report has not changed. Null means that there is no detection; for any other
    setting null means nothing.
    """
    compared = [of for of in _compared(asked, effective, dialect) if of.at_both]
    differences = {of.setting: "; ".join(words for words in of.differences(silent=True)) for of in compared}
    return {setting: words for setting, words in differences.items() if words}


def detects(
    asked: TurnDetection | None, effective: Mapping[str, Any], dialect: Dialect, shape: Shape = PLAIN
) -> bool:
    """Whether a session has this detection. Its other settings do not matter."""
    compared = _compared(Settings(turn_detection=asked, shape=shape), effective, dialect)
    return not any(words for of in compared if of.setting == "turn_detection" for words in of.differences())


@dataclass(frozen=True, slots=True)
class _Compared:
    """A setting that was asked for, and what the server reports for it at each key."""

    setting: str
    holds: bool
    at_both: bool
    wanted: tuple[Any, ...]  # the value in each dialect, the session's own dialect first
    key: str
    found: tuple[tuple[str, Any], ...]  # key and value; UNSET where the session does not have the key

    @property
    def taken_away(self) -> bool:
        """Whether a detection was asked for, and the server reports that there is none."""
        return self.setting == "turn_detection" and any(value is not UNSET for _, value in self.found)

    def differences(self, *, silent: bool = False) -> Iterator[str]:
        """The differences, as texts; with `silent`, a missing setting is not a difference."""
        wanted, *others = self.wanted
        given = [(key, value) for key, value in self.found if not _is_none(self.setting, value)]
        if not given and wanted is not None and self.holds and (not silent or self.taken_away):
            yield f"{self.key} is None, not {_short(wanted)}"
        for key, value in given:
            words = (wanted,) if key == self.key and self.setting not in _FORMATS else (wanted, *others)
            if not any(_agrees(self.setting, each, value) for each in words):
                yield f"{key} is {_short(value)}, not {_short(wanted)}"


def _compared(asked: Settings, effective: Mapping[str, Any], dialect: Dialect) -> Iterator[_Compared]:
    seen = dialect_of(effective, asked.shape) or dialect
    both = (seen, *(other for other in Dialect if other is not seen))
    for row in TABLE:
        key, wanted = row.key(seen, asked.shape), value_of(row.setting, asked, seen)
        if key is None or wanted is UNSET or row.setting in _NOT_COMPARED:
            continue
        at_both = row.holds or row.setting == "audio_output"
        keys = dict.fromkeys(place for each in both if at_both and (place := row.key(each, asked.shape)))
        yield _Compared(
            row.setting,
            row.holds
            and row.setting not in asked.shape.unreported
            and (asked.audio_output or row.setting not in _OF_SOUND),
            at_both,
            tuple(asked.shape.reported(row.setting, value_of(row.setting, asked, each)) for each in both),
            key,
            tuple(
                (place, asked.shape.reported(row.setting, _find(effective, place)))
                for place in keys or (key,)
            ),
        )


def _is_none(setting: str, value: Any) -> bool:
    """Whether this value means "none", or is missing."""
    if value is UNSET:
        return True
    if setting == "turn_detection":
        value = value.get("type") if isinstance(value, Mapping) else value
        return value in (None, False, "none")
    return value is None


def _find(session: Mapping[str, Any], key: str) -> Any:
    """The value at a dotted key; UNSET where the session does not have the key."""
    value: Any = session
    for name in key.split("."):
        value = value.get(name, UNSET) if isinstance(value, Mapping) else UNSET
    return value


def _agrees(setting: str, wanted: Any, given: Any) -> bool:
    match setting:
        case "input_format" | "output_format":
            return _is_format(wanted, given)
        case "tools":  # compared by name: servers fill in what a schema leaves open
            return isinstance(given, list) and _tool_names(given) == _tool_names(wanted)
        case "audio_output":
            return isinstance(given, list) and ("audio" in given) is ("audio" in wanted)
        case "voice":
            return _is_voice(wanted, given)
    return _same(wanted, given)


def _is_format(wanted: Any, given: Any) -> bool:
    """Whether this is the same format. A name without a rate does not show that a reported rate is right."""
    (encoding, rate), (reported, reported_rate) = _format(wanted), _format(given)
    return encoding is not None and encoding == reported and (reported_rate is None or rate == reported_rate)


def _format(value: Any) -> tuple[str | None, Any]:
    """The encoding and the rate that a format names, as a name or as an object; None for what it does not name."""
    fields = value if isinstance(value, Mapping) else {"type": value}
    name = fields.get("type")
    if not isinstance(name, str):
        return None, None
    rate = fields.get("rate") or fields.get("sample_rate")
    found = _RATE.search(name)
    base = name[: found.start()].rstrip("_") if found else name
    return _ENCODINGS.get(base, base), int(found[1]) if found and not rate else rate


def _is_voice(wanted: Any, given: Any) -> bool:
    """Whether this is the same voice. Services write their names in capitals of their own."""
    if isinstance(wanted, Mapping) and isinstance(given, Mapping) and wanted.get("type") != given.get("type"):
        return False
    return not _voice_names(wanted).isdisjoint(_voice_names(given))


def _voice_names(voice: Any) -> set[str]:
    names = (voice.get("id"), voice.get("name")) if isinstance(voice, Mapping) else (voice,)
    return {name.casefold() for name in names if isinstance(name, str)}


def _tool_names(tools: list[Any]) -> list[str]:
    return sorted(
        str(tool.get("name") or tool.get("server_label")) if isinstance(tool, Mapping) else repr(tool)
        for tool in tools
    )


def _same(wanted: Any, given: Any) -> bool:
    """Whether `given` has all of `wanted`. A server may add fields, and may report an object in place of a name."""
    if isinstance(wanted, Mapping) and isinstance(given, Mapping):
        return all(
            _same(value, given.get(name))
            for name, value in wanted.items()
            if name == "type" or given.get(name) is not None
        )
    if isinstance(wanted, str) and isinstance(given, Mapping):
        return wanted in (given.get("id"), given.get("name"))
    if isinstance(wanted, float) and isinstance(given, int | float):
        try:
            return abs(wanted - given) < 1e-3  # servers round
        except OverflowError:  # an integer too large for a float
            return False
    return bool(wanted == given)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
