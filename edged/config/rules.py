"""Rules for several keys together, and the form of addresses, paths and names.

A finding names the keys that it depends on. If one of them has a problem already, the finding is dropped: it would
only repeat that problem in other words.
"""

import re
from collections.abc import Iterator, Sized
from urllib.parse import SplitResult, urlsplit

from edged.config.companion_rules import of_companion
from edged.config.gesture_rules import of_gestures
from edged.config.lamp_rules import of_lamps
from edged.config.language_rules import of_languages
from edged.config.model import Config
from edged.config.panel_rules import of_panel
from edged.config.part import Hours, hours_of, names_of
from edged.config.pin_rules import of_pins
from edged.config.problem import Finding
from edged.config.provider_rules import of_provider
from edged.config.usage_rules import of_usage
from edged.config.visitor_rules import of_visitor
from edged.folders import AUTO
from edged.hosts import is_loopback
from edged.hours import fault as fault_of_hours
from edged.spelling import fault

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")  # RFC 9110, token
_RESERVED = (
    "host",
    "connection",
    "upgrade",
    "content-length",
    "transfer-encoding",
)  # these belong to the handshake
_PARAMETER = re.compile(r"[A-Za-z0-9._~\[\]-]{1,100}")
_KEYLIKE = re.compile(r"(^|[-_.])(key|token|secret|password)$", re.IGNORECASE)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MOST_ENTRIES = 32  # servers accept about 100 header lines, including those of the handshake
_SOURCES = (
    "provider.api_key",
    "provider.api_key_file",
    "provider.api_key_env",
    "provider.headers",
    "provider.azure.token_file",
    "provider.portkey.virtual_key",
    "provider.portkey.config",
    "provider.portkey.authorization",
)


def findings(config: Config) -> Iterator[Finding]:
    """All faults that remain although each value fits its key."""
    yield from _address(config)
    yield from _groups(config)
    yield from of_provider(config.provider)
    yield from _credentials(config)
    yield from _paths(config)
    yield from of_pins(config)
    yield from of_panel(config)
    yield from of_lamps(config)
    yield from _devices(config)
    yield from _volumes(config)
    yield from _headset(config)
    yield from _link(config)
    yield from _echo(config)
    yield from _times(config)
    yield from of_gestures(config)
    yield from of_languages(config)
    yield from of_visitor(config)
    yield from of_usage(config)
    yield from of_companion(config)


def keyed(config: Config) -> bool:
    """Whether the configuration names a secret for the service."""
    provider = config.provider
    portkey = provider.portkey
    return bool(
        provider.api_key
        or provider.api_key_file
        or provider.api_key_env
        or provider.headers
        or (provider.name == "azure" and provider.azure.token_file)
        or (provider.name == "portkey" and (portkey.virtual_key or portkey.config or portkey.authorization))
    )


def in_clear(url: str) -> bool:
    """Whether others can read what is sent to this address: plain ws:// to another machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False  # not an address, which is reported elsewhere
    return parts.scheme == "ws" and not is_loopback(host)


WITHOUT_ADDRESS = frozenset({"azure", "azure-voice-live", "cloudflare", "custom"})
IN_CLEAR = "a key would cross the network unencrypted (use wss://, or an address of this machine)"


def _address(config: Config) -> Iterator[Finding]:
    provider, keys = config.provider, ("provider.url",)
    if not provider.url:
        if provider.name in WITHOUT_ADDRESS:
            what = f"{provider.name} has no default address (write url: wss://…)"
            yield Finding(("provider.url", "provider.name"), what)
        return
    wrong = _malformed(provider.url)
    if wrong:
        yield Finding(keys, wrong)
    elif keyed(config) and in_clear(provider.url):
        yield Finding((*keys, *_SOURCES), IN_CLEAR)


def _malformed(url: str) -> str:
    """What is wrong with an address. The address is not repeated, because it may hold a password."""
    try:
        parts = urlsplit(url)
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        return "is not an address (write wss://host/path)"
    if not port_fits or not url.isascii() or not url.isprintable() or " " in url:
        return "is not an address (write wss://host/path, without spaces)"
    return _unwanted(parts, url)


def _unwanted(parts: SplitResult, url: str) -> str:
    if parts.scheme not in ("wss", "ws"):
        return "does not begin with wss:// (within this machine also ws://)"
    if not parts.hostname:
        return "has no host (write wss://host/path)"
    if "@" in parts.netloc:
        return "contains a user name or a password (use api_key_file or headers)"
    if "?" in url or "#" in url:
        return "has a ? or a # (put the model into provider.model, the rest into provider.query)"
    return ""


def _groups(config: Config) -> Iterator[Finding]:
    provider = config.provider
    metadata = provider.portkey.metadata
    groups: dict[str, Sized] = {
        "headers": provider.headers,
        "query": provider.query,
        "portkey.metadata": metadata,
    }
    for key, group in groups.items():
        if len(group) > _MOST_ENTRIES:
            yield Finding((f"provider.{key}",), f"has {len(group)} entries (at most {_MOST_ENTRIES})")
    seen: set[str] = set()
    for header in provider.headers:
        keys = (f"provider.headers.{header}", "provider.headers")
        if not _HEADER.fullmatch(header):
            yield Finding(keys, "is not the name of a header (use letters, digits and hyphens)")
        elif header.lower() in _RESERVED or header.lower().startswith("sec-websocket-"):
            yield Finding(keys, "is a header that the connection sets itself (remove it)")
        elif header.lower() in seen:
            yield Finding(keys, "is given twice, in different capitals (keep one)")
        seen.add(header.lower())
    for parameter in provider.query:
        keys = (f"provider.query.{parameter}", "provider.query")
        if not _PARAMETER.fullmatch(parameter):
            yield Finding(keys, "is not the name of a parameter (use letters, digits and hyphens)")
        elif _KEYLIKE.search(parameter):
            yield Finding(
                keys,
                "other machines may write a key in an address into their logs (use api_key_file or headers)",
            )


def _credentials(config: Config) -> Iterator[Finding]:
    provider = config.provider
    if provider.api_key_env and not _VARIABLE.fullmatch(provider.api_key_env):
        what = "is not the name of a variable (write the name here, and put the key into the variable)"
        yield Finding(("provider.api_key_env",), what)
    if provider.api_key_file and not provider.api_key_file.startswith("/"):
        what = "is not an absolute path (write a path such as /etc/edged/credentials/api-key, not the key)"
        yield Finding(("provider.api_key_file",), what)


def _paths(config: Config) -> Iterator[Finding]:
    for key, path in (("control.socket", config.control.socket), ("state.dir", config.state.dir)):
        if path not in ("", AUTO) and not path.startswith("/"):
            yield Finding((key,), 'is not an absolute path (write /… or auto, or "" for none)')
    if len(config.control.socket.encode()) > 107:
        yield Finding(("control.socket",), "is too long for the address of a socket (at most 107 bytes)")


def _devices(config: Config) -> Iterator[Finding]:
    if config.speaker.backend == "wav" and not config.speaker.file:
        yield Finding(
            ("speaker.file", "speaker.backend"),
            "is missing: backend wav writes a file (name the file, or use backend null)",
        )
    yield from _names(config)


def _names(config: Config) -> Iterator[Finding]:
    for room, names in (("microphone", config.microphone.device), ("speaker", config.speaker.device)):
        for device in names_of(names):
            if what := fault(device):
                yield Finding((f"{room}.device",), what if device == names else f"{device!r} {what}")


def _volumes(config: Config) -> Iterator[Finding]:
    speaker = config.speaker
    least, most = speaker.volume_least, speaker.volume_most
    if least > most:
        what = f"{least} is more than volume_most, {most} (make it smaller)"
        yield Finding(("speaker.volume_least", "speaker.volume_most"), what)
    elif not least <= speaker.volume <= most:
        what = f"{speaker.volume} is not within volume_least and volume_most, {least} to {most} (change one of them)"
        yield Finding(("speaker.volume", "speaker.volume_least", "speaker.volume_most"), what)
    if speaker.volume_reset and not config.turn.forget_after_s:
        what = "needs turn.forget_after_s: without it, edged never knows that a visitor has left (set it)"
        yield Finding(("speaker.volume_reset", "turn.forget_after_s"), what)
    if speaker.cue_least > most:
        what = f"{speaker.cue_least} is more than volume_most, {most} (make it smaller)"
        yield Finding(("speaker.cue_least", "speaker.volume_most"), what)
    yield from _hours("speaker.quiet_hours", speaker.quiet_hours)


def _link(config: Config) -> Iterator[Finding]:
    yield from _hours("link.hours", config.link.hours)


def _hours(key: str, ranges: Hours) -> Iterator[Finding]:
    for hours in hours_of(ranges):
        if what := fault_of_hours(hours):
            yield Finding((key,), what if hours == ranges else f"{hours!r} {what}")


def _headset(config: Config) -> Iterator[Finding]:
    speaker = config.speaker
    if speaker.headset == "other_device" and not speaker.headset_device:
        what = "is missing: which device is the headset? (write its name, or use headset: mute_speaker)"
        yield Finding(("speaker.headset_device", "speaker.headset"), what)
    if speaker.headset_device and (what := fault(speaker.headset_device)):
        yield Finding(("speaker.headset_device",), what)
    if speaker.headset == "mute_speaker" and speaker.headset_mutes in ("", speaker.mixer):
        what = "is the control of the volume, too (use another control)"
        if not speaker.headset_mutes:
            what = "is missing: which control switches the speaker? (`amixer scontrols` lists them)"
        yield Finding(("speaker.headset_mutes", "speaker.headset", "speaker.mixer"), what)


def _echo(config: Config) -> Iterator[Finding]:
    if config.microphone.echo_cancel and config.mode not in ("conversation", "handset"):
        what = (
            "needs mode conversation or handset: the other modes do not listen during an answer (remove it)"
        )
        yield Finding(("microphone.echo_cancel", "mode"), what)


def _times(config: Config) -> Iterator[Finding]:
    button = config.button
    for key, time_ms in (("button.tap_ms", button.tap_ms), ("button.min_hold_ms", button.min_hold_ms)):
        if time_ms >= button.long_press_ms:
            what = f"{time_ms} is not less than long_press_ms, {button.long_press_ms} (make it smaller)"
            yield Finding((key, "button.long_press_ms"), what)
    if button.min_hold_ms >= config.turn.longest_s * 1000:
        what = f"{button.min_hold_ms} is not less than turn.longest_s, {config.turn.longest_s} s (make it smaller)"
        yield Finding(("button.min_hold_ms", "turn.longest_s"), what)
    if config.provider.temperature is not None and config.provider.dialect == "ga":
        what = (
            "dialect ga has no temperature, so the service would refuse it (remove it, or use dialect beta)"
        )
        yield Finding(("provider.temperature", "provider.dialect"), what)
