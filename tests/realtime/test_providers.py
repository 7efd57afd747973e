import pytest

from edged.errors import ConfigError
from edged.realtime.providers import PROVIDERS, endpoint
from edged.wire import Dialect

KEY = "sk-secret"


@pytest.mark.parametrize(
    ("name", "options", "url", "header"),
    [
        (
            "openai",
            {},
            "wss://api.openai.com/v1/realtime?model=gpt-realtime",
            ("Authorization", f"Bearer {KEY}"),
        ),
        (
            "a15t",
            {},
            "wss://api.platform.a15t.com/v1/realtime?model=openai%2Fgpt-4o-realtime-preview-2024-12-17",
            ("Authorization", f"Bearer {KEY}"),
        ),
        (
            "portkey",
            {"model": "@openai/gpt-realtime"},
            "wss://api.portkey.ai/v1/realtime?model=%40openai%2Fgpt-realtime",
            ("x-portkey-api-key", KEY),
        ),
        (
            "azure",
            {"url": "wss://res.openai.azure.com/openai/v1/realtime", "model": "d"},
            "wss://res.openai.azure.com/openai/v1/realtime?model=d",
            ("api-key", KEY),
        ),
        (
            "azure",
            {
                "url": "wss://res.openai.azure.com/openai/realtime",
                "query": {"api-version": "2024-10-01-preview", "deployment": "d"},
            },
            "wss://res.openai.azure.com/openai/realtime?api-version=2024-10-01-preview&deployment=d",
            ("api-key", KEY),
        ),
        (
            "custom",
            {"url": "wss://h:99/x?a=1", "model": "m"},
            "wss://h:99/x?a=1&model=m",
            ("Authorization", f"Bearer {KEY}"),
        ),
    ],
)
def test_where_and_with_what_each_is_asked(name, options, url, header):
    found = endpoint(name, key=KEY, **options)
    assert found.url == url
    assert found.headers[header[0]] == header[1]


def test_local_needs_no_key_and_stays_on_the_machine():
    found = endpoint("local")
    assert found.url == "ws://127.0.0.1:8765/v1/realtime?model=local"
    assert found.headers == {}
    assert (found.host, found.port, found.secure) == ("127.0.0.1", 8765, False)


def test_the_beta_header_goes_with_the_beta_dialect_only():
    for name, provider in PROVIDERS.items():
        for dialect in (None, *Dialect):
            found = endpoint(name, url="wss://h/", key=KEY, dialect=dialect)
            assert found.dialect is (dialect or provider.dialect)
            assert ("OpenAI-Beta" in found.headers) == (found.dialect is Dialect.BETA)


def test_own_headers_come_last():
    found = endpoint(
        "portkey", key=KEY, headers={"x-portkey-provider": "@slug", "x-portkey-api-key": "other"}
    )
    assert found.headers["x-portkey-provider"] == "@slug"
    assert found.headers["x-portkey-api-key"] == "other"


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("openai", {}, "needs a key"),
        ("azure", {"key": KEY}, "is not an address"),
        ("custom", {"url": "https://h/v1"}, "wss://host"),
        ("custom", {"url": "wss://"}, "is not an address"),
        ("custom", {"url": "ws://gateway.local/", "key": KEY}, "in the open"),
    ],
)
def test_what_can_not_work_is_said(name, options, says):
    with pytest.raises(ConfigError, match=says):
        endpoint(name, **options)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"])
def test_a_key_may_go_in_the_open_to_this_machine(host):
    assert endpoint("custom", url=f"ws://{host}:8081/", key=KEY).port == 8081


def test_the_key_is_not_in_its_text_form():
    assert KEY not in repr(endpoint("openai", key=KEY))


def test_ports_are_the_usual_ones():
    assert endpoint("openai", key=KEY).port == 443
    assert endpoint("custom", url="ws://localhost/").port == 80
