"""The keys of the companion: the page, the metrics and MQTT.

The core reads none of them but `page.button`. The companion reads them when it starts, and after each `edged reload`.
"""

from collections.abc import Iterable
from importlib.util import find_spec
from typing import Annotated

from msgspec import field

from edged.config.part import ConfigPart, described

LIBRARIES = {
    "page": ("aiohttp", "prometheus_client"),
    "metrics": ("prometheus_client",),
    "mqtt": ("aiomqtt",),
}
"""What each part needs besides what the core needs."""


class PageConfig(ConfigPart, frozen=True, kw_only=True):
    """The page for a browser."""

    listen: Annotated[
        str,
        described(
            "live",
            "Address and port of the page: 127.0.0.1:8780 for this machine, 0.0.0.0:8780 for others; empty: no page.",
            max_length=100,
        ),
    ] = ""
    token_file: Annotated[
        str,
        described(
            "live",
            "File with the token that other machines have to show; without it only this machine may look.",
            max_length=1000,
        ),
    ] = ""
    host: Annotated[
        str,
        described(
            "live",
            "Name under which browsers reach the page, such as kiosk-7.local; its addresses always count.",
            max_length=253,
        ),
    ] = ""
    transcripts: Annotated[
        bool, described("live", "true: the page shows what both sides say, if `log.transcripts` allows it.")
    ] = False
    button: Annotated[
        bool,
        described(
            "live",
            "true: the page has a button that opens the microphone, for browsers of this machine only.",
        ),
    ] = False


class MetricsConfig(ConfigPart, frozen=True, kw_only=True):
    """Metrics for Prometheus; the page has them, too."""

    textfile: Annotated[
        str,
        described(
            "live",
            "File that the companion writes for the textfile collector of node-exporter; empty: none.",
            max_length=1000,
        ),
    ] = ""


class MqttConfig(ConfigPart, frozen=True, kw_only=True):
    """The MQTT broker."""

    broker: Annotated[
        str,
        described(
            "live",
            "Address of the broker: mqtts://broker.example, or mqtt://127.0.0.1; empty: no MQTT.",
            max_length=1000,
        ),
    ] = ""
    user: Annotated[str, described("live", "Name of this kiosk at the broker.", max_length=200)] = ""
    password_file: Annotated[
        str, described("live", "File with the password for the broker.", max_length=1000)
    ] = ""
    ca_file: Annotated[
        str,
        described(
            "live",
            "File with the certificate of the authority that signed the broker's; empty: those of the system.",
            max_length=1000,
        ),
    ] = ""
    cert_file: Annotated[
        str,
        described(
            "live", "File with a certificate of this kiosk for the broker; empty: none.", max_length=1000
        ),
    ] = ""
    key_file: Annotated[
        str, described("live", "File with the private key of that certificate.", max_length=1000)
    ] = ""
    topic: Annotated[
        str,
        described(
            "live", "First part of all topics; the id of the kiosk follows.", min_length=1, max_length=100
        ),
    ] = "edged"
    discovery: Annotated[
        str,
        described(
            "live",
            "Topic at which Home Assistant looks for devices; empty: none is announced.",
            max_length=100,
        ),
    ] = "homeassistant"
    commands: Annotated[
        bool,
        described(
            "live",
            "true: everybody who may write to the topics sets the volume, mutes, stops and lets the kiosk speak.",
        ),
    ] = False
    unmute: Annotated[
        bool, described("live", "true: with `commands`, the microphone can be unmuted from afar, too.")
    ] = False


class CompanionConfig(ConfigPart, frozen=True, kw_only=True):
    """The companion, a program of its own (docs/companion.md)."""

    name: Annotated[
        str, described("live", "What people call this kiosk; empty: the name of the machine.", max_length=100)
    ] = ""
    site: Annotated[
        str, described("live", "Where the kiosk stands: a label of its metrics; empty: none.", max_length=100)
    ] = ""
    page: PageConfig = field(default_factory=PageConfig)
    metrics: MetricsConfig = field(default_factory=MetricsConfig)
    mqtt: MqttConfig = field(default_factory=MqttConfig)


def switched_on(companion: CompanionConfig) -> dict[str, str]:
    """The parts that the configuration wants, each with the key that wants it."""
    wanted = {
        "page": ("companion.page.listen", companion.page.listen),
        "metrics": ("companion.metrics.textfile", companion.metrics.textfile),
        "mqtt": ("companion.mqtt.broker", companion.mqtt.broker),
    }
    return {name: key for name, (key, value) in wanted.items() if value}


def missing_libraries(parts: Iterable[str]) -> tuple[str, ...]:
    """The packages that these parts need and this Python does not have."""
    needed = dict.fromkeys(library for name in parts for library in LIBRARIES[name])
    return tuple(library for library in needed if find_spec(library) is None)
