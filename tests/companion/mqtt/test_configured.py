"""The part, as the configuration says."""

from random import Random

import pytest

from edged.companion.mqtt.configured import configured
from edged.config.companion import CompanionConfig, MqttConfig
from edged.errors import ConfigError
from edged.system.redactor import REDACTOR
from tests.companion.mqtt.scripted_kiosk import SNAPSHOT, ScriptedKiosk
from tests.dial.authority import authority

__all__ = ["authority"]


def made(mqtt, *, kiosk_id="k" * 32, env=None, origins=None):
    return configured(
        CompanionConfig(mqtt=MqttConfig(**mqtt)),
        ScriptedKiosk(),
        kiosk_id=kiosk_id,
        machine="kiosk-7",
        env=env or {},
        origins=origins or {},
        rng=Random(1),
    )


def test_the_address_and_who_the_kiosk_is():
    part = made({"broker": "mqtt://127.0.0.1", "user": "me"})
    assert str(part) == "MQTT at mqtt://127.0.0.1:1883"
    assert (part._address.client_id, part._address.user) == (f"edged-{'k' * 32}", "me")
    assert str(made({"broker": "mqtts://[::1]:99"})) == "MQTT at mqtts://[::1]:99"


def test_a_machine_without_an_id_has_no_name_there():
    with pytest.raises(ConfigError, match="systemd-machine-id-setup"):
        made({"broker": "mqtt://127.0.0.1"}, kiosk_id="")


def test_the_password_is_read_and_masked_from_then_on(tmp_path):
    file = tmp_path / "password"
    file.write_text("correct-horse-battery\n")
    part = made({"broker": "mqtt://127.0.0.1", "user": "me", "password_file": str(file)})
    assert part._address.password.reveal() == "correct-horse-battery"
    assert "correct-horse" not in REDACTOR.redacted("it is correct-horse-battery")
    assert "correct-horse" not in repr(part._address)


def test_no_message_has_a_secret_in_it(tmp_path):
    """A service may send a key back, in a text that the kiosk quotes."""
    REDACTOR.add(["sk-of-a-service-0123456789"])
    part = made({"broker": "mqtt://127.0.0.1"})
    trouble = {"what": "line", "cause": "key_refused", "text": "no sk-of-a-service-0123456789", "remedy": ""}
    part._kiosk.say({**SNAPSHOT, "troubles": [trouble]})
    part._look()
    published = []
    while (message := part._outbox.take()) is not None:
        published.append(message.payload)
        part._outbox.sent()
    assert b"key_refused" in b"".join(published)
    assert b"sk-of-a-service" not in b"".join(published)
    assert b'"tokens":2140' in b"".join(published)


def test_a_certificate_of_ones_own(authority):
    own = str(authority.issue("DNS:kiosk"))
    made({"broker": "mqtts://b", "ca_file": str(authority.file), "cert_file": own, "key_file": own})


@pytest.mark.parametrize(
    ("files", "key", "why"),
    [
        ({"ca_file": "/none"}, "ca_file", "No such file"),
        ({"ca_file": "{text}"}, "ca_file", "PEM"),
        ({"cert_file": "{text}", "key_file": "{text}"}, "cert_file", "PEM"),
        ({"cert_file": "{own}", "key_file": "/none"}, "key_file", "No such file"),
        ({"cert_file": "{own}", "key_file": "{other}"}, "cert_file", "pair"),
        ({"password_file": "/none", "user": "me"}, "password_file", "does not exist"),
    ],
)
def test_a_file_that_cannot_be_used_names_its_key_and_its_place(tmp_path, authority, files, key, why):
    places = {"text": tmp_path / "text", "own": authority.issue("DNS:a"), "other": authority.issue("DNS:b")}
    places["text"].write_text("no certificate\n")
    files = {name: path.format(**places) for name, path in files.items()}
    key = f"companion.mqtt.{key}"
    with pytest.raises(ConfigError) as error:
        made({"broker": "mqtts://b", **files}, origins={key: "c.yaml:3:5"})
    assert error.value.problems[0].startswith(f"c.yaml:3:5: {key}: ")
    assert why in error.value.problems[0]


def test_systemd_passes_what_only_root_may_read(tmp_path):
    (tmp_path / "mqtt-password").write_text("from-systemd-itself")
    mqtt = {
        "broker": "mqtt://127.0.0.1",
        "user": "me",
        "password_file": "/etc/edged/credentials/mqtt-password",
    }
    part = made(mqtt, env={"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert part._address.password.reveal() == "from-systemd-itself"
