"""The keys of the companion that go together, and those that cannot be meant. broken.txt has what is said of each."""

import pytest

from edged.config import load
from edged.config.companion import LIBRARIES, missing_libraries, switched_on
from edged.config.companion_rules import place_of
from edged.errors import ConfigError

TOKEN = "page.token_file=/etc/edged/credentials/page-token"
PASSWORD = "mqtt.password_file=/etc/edged/credentials/mqtt-password"


def loaded(*sets):
    return load(None, env={}, sets=[f"companion.{each}" for each in sets])


@pytest.mark.parametrize(
    "sets",
    [
        [],
        ["page.listen=127.0.0.1:8780"],
        ["page.listen=[::1]:0"],
        ["page.listen=0.0.0.0:8780", TOKEN],
        ["page.host=kiosk-7.local"],
        ["metrics.textfile=/var/lib/prometheus/node-exporter/edged.prom"],
        ["mqtt.broker=mqtt://127.0.0.1", "mqtt.user=k", PASSWORD],
        ["mqtt.broker=mqtts://broker.example:8883/", "mqtt.user=k", PASSWORD],
        ["mqtt.broker=mqtts://[::1]"],
        ["mqtt.cert_file=/a", "mqtt.key_file=/b"],
        ["mqtt.discovery="],
        ["mqtt.topic=site/hall"],
        ["mqtt.commands=true", "mqtt.unmute=true"],
    ],
)
def test_what_can_be_meant_is_taken(sets):
    assert not loaded(*sets).warnings


@pytest.mark.parametrize(
    ("listen", "place"),
    [
        ("127.0.0.1:8780", ("127.0.0.1", 8780)),
        ("[::]:80", ("::", 80)),
        ("0.0.0.0:0", ("0.0.0.0", 0)),
        *(
            (text, None)
            for text in ("", "8780", ":8780", "127.0.0.1:", "1.2.3:4", "127.0.0.1:٣", "[::]", "::")
        ),
    ],
)
def test_an_address_has_a_port(listen, place):
    assert place_of(listen) == place


@pytest.mark.parametrize("value", ["mqtts://me:sk-hidden@h:x", "http://sk-hidden@h", "ftp://a:sk-hidden@[::"])
def test_no_refusal_of_the_broker_repeats_a_password(value):
    with pytest.raises(ConfigError) as caught:
        loaded(f"mqtt.broker={value}")
    assert "sk-hidden" not in str(caught.value)


def test_each_part_is_switched_on_by_its_own_key():
    assert switched_on(loaded().config.companion) == {}
    sets = ["page.listen=127.0.0.1:1", "metrics.textfile=/a.prom", "mqtt.broker=mqtt://127.0.0.1"]
    wanted = switched_on(loaded(*sets).config.companion)
    assert wanted.keys() == LIBRARIES.keys()
    assert wanted["page"] == "companion.page.listen"
    assert missing_libraries(wanted) == ()
    assert missing_libraries([]) == ()
