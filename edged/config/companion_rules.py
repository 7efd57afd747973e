"""Rules for the keys of the companion: addresses, topics and paths that cannot be meant."""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from edged.config.companion import MqttConfig, PageConfig
from edged.config.model import Config
from edged.config.problem import Finding, shown
from edged.hosts import is_loopback

_HOST = re.compile(
    r"(?=.{1,253}\Z)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?)*"
)
_PAGE, _MQTT = "companion.page", "companion.mqtt"
PORTS = {"mqtt": 1883, "mqtts": 8883}


def of_companion(config: Config) -> Iterator[Finding]:
    """All faults of these keys that remain although each value fits its key."""
    companion = config.companion
    yield from _page(companion.page)
    yield from _mqtt(companion.mqtt)
    for key, path in (
        (f"{_PAGE}.token_file", companion.page.token_file),
        ("companion.metrics.textfile", companion.metrics.textfile),
        (f"{_MQTT}.password_file", companion.mqtt.password_file),
        (f"{_MQTT}.ca_file", companion.mqtt.ca_file),
        (f"{_MQTT}.cert_file", companion.mqtt.cert_file),
        (f"{_MQTT}.key_file", companion.mqtt.key_file),
    ):
        if path and not path.startswith("/"):
            yield Finding((key,), "is not an absolute path (write a path such as /etc/edged/…)")
    if companion.metrics.textfile and not companion.metrics.textfile.endswith(".prom"):
        yield Finding(
            ("companion.metrics.textfile",), "does not end with .prom (node-exporter reads no other file)"
        )


def place_of(listen: str) -> tuple[str, int] | None:
    """Address and port of `companion.page.listen`; None if it is none. An address of IPv6 stands in brackets."""
    host, colon, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
    if not colon or not port.isascii() or not port.isdigit() or not 0 <= int(port) <= 65_535:
        return None
    try:
        return str(ip_address(host)), int(port)
    except ValueError:
        return None


def _page(page: PageConfig) -> Iterator[Finding]:
    key = f"{_PAGE}.listen"
    place = place_of(page.listen)
    if page.listen and place is None:
        yield Finding((key,), f"{shown(page.listen)} is not an address with a port (write 127.0.0.1:8780)")
    elif place is not None and not is_loopback(place[0]) and not page.token_file:
        what = f"lets other machines look, but there is no token ({_PAGE}.token_file; or write 127.0.0.1)"
        yield Finding((key, f"{_PAGE}.token_file"), what)
    if page.host and not _HOST.fullmatch(page.host):
        yield Finding(
            (f"{_PAGE}.host",), f"{shown(page.host)} is not a name of a machine (write kiosk-7.local)"
        )


def _mqtt(mqtt: MqttConfig) -> Iterator[Finding]:
    if mqtt.broker and (wrong := _address(mqtt.broker)):
        yield Finding((f"{_MQTT}.broker",), wrong)
    elif (
        mqtt.password_file
        and mqtt.broker.startswith("mqtt://")
        and not is_loopback(_split(mqtt.broker).hostname or "")
    ):
        what = "would send the password unencrypted (write mqtts://)"
        yield Finding((f"{_MQTT}.broker", f"{_MQTT}.password_file"), what)
    if mqtt.password_file and not mqtt.user:
        yield Finding(
            (f"{_MQTT}.user", f"{_MQTT}.password_file"),
            "is missing: a password belongs to a name (write that name)",
        )
    if bool(mqtt.cert_file) != bool(mqtt.key_file):
        yield Finding(
            (f"{_MQTT}.cert_file", f"{_MQTT}.key_file"), "needs the other one of cert_file and key_file"
        )
    for name in ("topic", "discovery"):
        text = getattr(mqtt, name)
        if text and (
            set(text) & set("+#\0") or text.startswith(("/", "$")) or text.endswith("/") or "//" in text
        ):
            yield Finding((f"{_MQTT}.{name}",), f"{shown(text)} is not a topic (write a word such as edged)")
    if mqtt.unmute and not mqtt.commands:
        yield Finding((f"{_MQTT}.unmute", f"{_MQTT}.commands"), "has no effect without commands: true")


def _split(url: str) -> SplitResult:
    return urlsplit(url)


def _address(broker: str) -> str:
    """What is wrong with the address of a broker; empty: nothing. Repeats no password."""
    if "@" in broker:
        return "has a name or a password in it (write them to user and password_file)"
    try:
        parts = _split(broker)
        port = parts.port
    except ValueError:
        return f"{shown(broker)} is not an address (write mqtts://broker.example)"
    if parts.scheme not in PORTS or not parts.hostname:
        return f"{shown(broker)} is not an address of a broker (write mqtts://broker.example)"
    if parts.path not in ("", "/") or parts.query or parts.fragment or port == 0:
        return f"{shown(broker)} has more than a host and a port (write mqtts://broker.example:8883)"
    return ""
