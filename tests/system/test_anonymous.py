"""What a stranger may read: no secret in any form, no name of the machine; but all that helps."""

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.system.anonymous import Anonymiser
from edged.system.redactor import MASK

NOBODY = Anonymiser([], {})
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
KEY = st.one_of(
    st.text(LETTERS, min_size=12, max_size=40).map(lambda rest: f"sk-{rest}"),
    st.text(LETTERS, min_size=12, max_size=40).map(lambda rest: f"sk-proj-{rest}"),
    st.text("0123456789abcdef", min_size=32, max_size=32).filter(
        lambda text: 3 <= sum(map(str.isdigit, text)) <= 29
    ),
    st.text(LETTERS, min_size=10, max_size=30).map(lambda rest: f"eyJhbGciOi{rest}.eyJzdWIi{rest}.{rest}"),
    st.text(LETTERS, min_size=16, max_size=16).map(lambda rest: f"xai-{rest}"),
)
PLACES = (
    "{}",
    "the key {} was refused",
    "Authorization: Bearer {}",
    '{{"x": "{}"}}',
    "wss://api.example.org/v1/realtime?user={}",
    "wss://name:{}@api.example.org/v1",
    "GET /v1/realtime?k={}&model=gpt-realtime",
    "EDGED_X={}",
    "[{}]",
)


@given(KEY, st.sampled_from(PLACES))
def test_what_looks_like_a_key_is_masked_wherever_it_is(key, place):
    assert key not in NOBODY.text(place.format(key))


@given(st.text(LETTERS + "-_.", min_size=6, max_size=40), st.sampled_from(PLACES))
def test_a_known_secret_is_masked_in_each_form(secret, place):
    mask = Anonymiser([secret], {})
    coded = base64.b64encode(secret.encode()).decode().rstrip("=")
    for form in (secret, quote(secret, safe=""), coded, secret.encode().hex()):
        assert form.lower() not in mask.text(place.format(form)).lower()
    assert secret.lower() not in str(mask.value({"a": [place.format(secret)]})).lower()


def test_a_short_secret_is_masked_where_it_is_a_word():
    mask = Anonymiser(["k3y9", "no"], {})
    assert mask.text("it is k3y9, K3Y9! k3y99 no") == f"it is {MASK}, {MASK}! k3y99 no"


def test_more_secrets_than_the_redactor_keeps_are_masked():
    secrets = [f"secret-number-{n}" for n in range(200)]
    shown = Anonymiser(secrets, {}).text(" ".join(secrets))
    assert "secret-number" not in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("at 192.168.1.20: no route", "at <address>: no route"),
        ("fe80::1%eth0 and 2001:db8::7", "<address> and <address>"),
        ("http://127.0.0.1:8765 and [::1] stay", "http://127.0.0.1:8765 and [::1] stay"),
        ("b8:27:eb:12:34:56 is a card", "<mac> is a card"),
        ("/home/anna/edged and /home/anna", "/home/<user>/edged and /home/<user>"),
        ("device: usb:0b0e:0420:745C4B, default", "device: usb:0b0e:0420:<serial>, default"),
        ("write to anna.b@example.org", "write to <mail>"),
        ("-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\nrest", f"{MASK}\nrest"),
        ("http://me:pw@proxy:3128/", f"http://{MASK}@proxy:3128/"),
        ("wss://x.org/v1?model=gpt-realtime&user=lobby", f"wss://x.org/v1?model=gpt-realtime&user={MASK}"),
    ],
)
def test_what_names_somebody_or_something_is_replaced(text, shown):
    assert NOBODY.text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "gpt-realtime-2025-08-28 and gpt-4o-realtime-preview-2024-12-17",
        "hw:CARD=vc4hdmi0,DEV=0 (vc4-hdmi-0) at 48000 Hz, 2 channels, s16",
        "usb-C-Media_Electronics_Inc_USB_PnP_Sound_Device-00",
        "port:usb-3f980000.usb-1.2 pci-0000:00:1f.3",
        "turn 7: answered; held 2000 ms, first sent 30 ms, latency 920 ms",
        "Linux 6.12.47+rpt-rpi-v8 aarch64; edged 0.1.0 (2026-11-21); Python 3.11.2",
        "modprobe@snd.service edged-shutdown.path user@1000.service",
        "2026-05-01T10:00:00+0200 12:30:45",
        "key_refused: The service refuses the key.",
        "wss://api.openai.com/v1/realtime?model=gpt-realtime",
        "microphone.refuse_below_dbfs: -70",
    ],
)
def test_what_helps_stays(text):
    assert NOBODY.text(text) == text


def test_names_of_the_machine_are_replaced_where_they_are_words():
    mask = Anonymiser([], {"lobby-kiosk": "<host>", "gw.corp.example": "<service>", "a1b2": "<serial>"})
    assert (
        mask.text("Lobby-Kiosk edged: wss://gw.corp.example:443/ a1b2c")
        == "<host> edged: wss://<service>:443/ a1b2c"
    )
