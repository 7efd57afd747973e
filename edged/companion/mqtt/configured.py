"""Makes the part from the configuration, and reads the files that it names."""

import ssl
from collections.abc import Mapping
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

from edged.companion.mqtt.broker_socket import BrokerAddress
from edged.companion.mqtt.mqtt_part import MqttPart, MqttSettings
from edged.companion.mqtt.topics import KioskTopics
from edged.companion.ports import KnownKiosk
from edged.config.companion import CompanionConfig, MqttConfig
from edged.config.companion_rules import PORTS
from edged.config.secret import Secret
from edged.config.secret_file import passed_file, secret_file
from edged.errors import ConfigError
from edged.system.redactor import REDACTOR
from edged.tls import client_context, show

NO_ID = (
    "companion.mqtt.broker: this machine has no id, so the kiosk would have no name at the broker"
    " (run sudo systemd-machine-id-setup, which writes /etc/machine-id)"
)


def configured(
    companion: CompanionConfig,
    kiosk: KnownKiosk,
    *,
    kiosk_id: str,
    machine: str,
    env: Mapping[str, str],
    origins: Mapping[str, str],
    rng: Random,
) -> MqttPart:
    """The part for `companion.mqtt`, whose `broker` is set. `machine`: the name of the machine, for people.

    Raises:
        ConfigError: a file cannot be used, or the machine has no id.
    """
    if not kiosk_id:
        raise ConfigError([NO_ID])
    mqtt = companion.mqtt
    password = secret_file("companion.mqtt.password_file", mqtt.password_file, env, origins=origins)
    if password is not None:
        REDACTOR.add([password.reveal()])
    parts = urlsplit(mqtt.broker)
    address = BrokerAddress(
        parts.hostname or "",
        parts.port or PORTS[parts.scheme],
        client_id=f"edged-{kiosk_id}",
        tls=_tls(mqtt, env, origins) if parts.scheme == "mqtts" else None,
        user=mqtt.user,
        password=password or Secret(),
    )
    settings = MqttSettings(
        KioskTopics(mqtt.topic, kiosk_id, mqtt.discovery),
        name=companion.name or machine,
        site=companion.site,
        commands=mqtt.commands,
        unmute=mqtt.unmute,
    )
    return MqttPart(kiosk, settings, address, rng=rng)


def _tls(mqtt: MqttConfig, env: Mapping[str, str], origins: Mapping[str, str]) -> ssl.SSLContext:
    key = "companion.mqtt.ca_file"
    try:
        context = client_context(str(passed_file(mqtt.ca_file, env)) if mqtt.ca_file else "")
        if mqtt.cert_file:
            key = "companion.mqtt.cert_file"
            cert, private = passed_file(mqtt.cert_file, env), passed_file(mqtt.key_file, env)
            if not private.exists():
                key = "companion.mqtt.key_file"
            show(context, cert, private)
    except OSError as error:
        place = f"{origins[key]}: " if key in origins else ""
        name = Path(str(error.filename)).name if error.filename else "the file"
        raise ConfigError([f"{place}{key}: {name}: {error.strerror}"]) from error
    return context
