from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from edged.causes import CAUSES
from edged.dial.addressing import AzureRoute, PortkeyRoute
from edged.dial.endpoint import endpoint
from edged.dial.providers import PROVIDERS
from edged.errors import ConfigError
from edged.wire import Dialect

KEY = "sk-secret"
BEARER = {"Authorization": f"Bearer {KEY}"}
BETA = {"OpenAI-Beta": "realtime=v1"}
A15T_MODEL = "openai%2Fgpt-realtime-2.1"
GATEWAY = "ws://localhost:8787/v1/realtime"
OWN_CONFIG = '{"provider": "openai", "api_key": "K"}'

# The options, and the complete request that follows: every way to reach the services that edged supports.
ASKED = {
    "openai": ("openai", {}, "wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1", BEARER, Dialect.GA),
    "openai, of an organisation": (
        "openai",
        {"headers": {"OpenAI-Organization": "org-1", "OpenAI-Project": "proj_1"}},
        "wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1",
        {**BEARER, "OpenAI-Organization": "org-1", "OpenAI-Project": "proj_1"},
        Dialect.GA,
    ),
    "openai, as it was": (
        "openai",
        {"dialect": Dialect.BETA, "model": "gpt-realtime-2.1-mini"},
        "wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1-mini",
        {**BETA, **BEARER},
        Dialect.BETA,
    ),
    "azure": (
        "azure",
        {"url": "wss://res.openai.azure.com", "model": "d"},
        "wss://res.openai.azure.com/openai/v1/realtime?model=d",
        {"api-key": KEY},
        Dialect.GA,
    ),
    "azure, with its path": (
        "azure",
        {"url": "wss://res.openai.azure.com/openai/v1/realtime", "model": "d"},
        "wss://res.openai.azure.com/openai/v1/realtime?model=d",
        {"api-key": KEY},
        Dialect.GA,
    ),
    "azure, by token": (
        "azure",
        {"url": "wss://res.openai.azure.com/", "model": "d", "azure": AzureRoute(token="eyJ")},
        "wss://res.openai.azure.com/openai/v1/realtime?model=d",
        {"Authorization": "Bearer eyJ"},
        Dialect.GA,
    ),
    "azure's preview": (
        "azure",
        {
            "url": "wss://res.openai.azure.com",
            "model": "d",
            "azure": AzureRoute(api_version="2024-10-01-preview"),
        },
        "wss://res.openai.azure.com/openai/realtime?api-version=2024-10-01-preview&deployment=d",
        {**BETA, "api-key": KEY},
        Dialect.BETA,
    ),
    "azure's preview, by token": (
        "azure",
        {
            "url": "wss://res.openai.azure.com/openai/realtime",
            "model": "d",
            "azure": AzureRoute(api_version="2024-10-01-preview", token="eyJ"),
        },
        "wss://res.openai.azure.com/openai/realtime?api-version=2024-10-01-preview&deployment=d",
        {**BETA, "Authorization": "Bearer eyJ"},
        Dialect.BETA,
    ),
    "azure's preview, by query": (
        "azure",
        {
            "url": "wss://res.openai.azure.com/openai/realtime",
            "query": {"api-version": "2024-10-01-preview", "deployment": "d"},
        },
        "wss://res.openai.azure.com/openai/realtime?api-version=2024-10-01-preview&deployment=d",
        {**BETA, "api-key": KEY},
        Dialect.BETA,
    ),
    "a15t": (
        "a15t",
        {},
        f"wss://api.platform.a15t.com/v1/realtime?model={A15T_MODEL}",
        {**BETA, **BEARER},
        Dialect.BETA,
    ),
    "portkey, by virtual key": (
        "portkey",
        {"model": "M", "portkey": PortkeyRoute(virtual_key="v-1")},
        "wss://api.portkey.ai/v1/realtime?model=M",
        {**BETA, "x-portkey-virtual-key": "v-1", "x-portkey-api-key": KEY},
        Dialect.BETA,
    ),
    "portkey, with all it can be told": (
        "portkey",
        {
            "model": "M",
            "dialect": Dialect.GA,
            "portkey": PortkeyRoute(
                provider="@team",
                custom_host="https://models.example/v1",
                trace_id="kiosk-7",
                metadata={"site": "lobby", "ort": "grün"},
                virtual_key="v-1",
                config="pc-1",
                authorization="Bearer sk-theirs",
            ),
        },
        "wss://api.portkey.ai/v1/realtime?model=M",
        {
            "x-portkey-api-key": KEY,
            "x-portkey-virtual-key": "v-1",
            "x-portkey-provider": "@team",
            "x-portkey-config": "pc-1",
            "x-portkey-custom-host": "https://models.example/v1",
            "x-portkey-trace-id": "kiosk-7",
            "x-portkey-metadata": '{"site": "lobby", "ort": "gr\\u00fcn"}',
            "Authorization": "Bearer sk-theirs",
        },
        Dialect.GA,
    ),
    "portkey, at its newer address": (
        "portkey",
        {"url": "wss://aigw.portkey.ai/v1/realtime", "model": "@openai/gpt-realtime"},
        "wss://aigw.portkey.ai/v1/realtime?model=%40openai%2Fgpt-realtime",
        {**BETA, **BEARER},
        Dialect.BETA,
    ),
    "portkey, at its newer address, with the provider's own key": (
        "portkey",
        {
            "url": "wss://aigw.portkey.ai/v1/realtime",
            "model": "M",
            "portkey": PortkeyRoute(provider="openai", authorization="Bearer sk-theirs"),
        },
        "wss://aigw.portkey.ai/v1/realtime?model=M",
        {
            **BETA,
            "x-portkey-provider": "openai",
            "x-portkey-api-key": KEY,
            "Authorization": "Bearer sk-theirs",
        },
        Dialect.BETA,
    ),
    "portkey's gateway": (
        "portkey",
        {"url": GATEWAY, "model": "M", "portkey": PortkeyRoute(provider="openai")},
        f"{GATEWAY}?model=M",
        {**BETA, "x-portkey-provider": "openai", **BEARER},
        Dialect.BETA,
    ),
    "portkey's gateway, by a config with the key": (
        "portkey",
        {"key": "", "url": GATEWAY, "model": "M", "portkey": PortkeyRoute(config=OWN_CONFIG)},
        f"{GATEWAY}?model=M",
        {**BETA, "x-portkey-config": OWN_CONFIG},
        Dialect.BETA,
    ),
    "local": ("local", {"key": ""}, "ws://127.0.0.1:8765/v1/realtime?model=local", {}, Dialect.GA),
    "LiteLLM": (
        "custom",
        {"url": "ws://127.0.0.1:4000/v1/realtime", "model": "alias"},
        "ws://127.0.0.1:4000/v1/realtime?model=alias",
        BEARER,
        Dialect.GA,
    ),
    "the console's relay": (
        "custom",
        {"key": "", "url": "ws://host:8081/", "dialect": Dialect.BETA},
        "ws://host:8081/",
        BETA,
        Dialect.BETA,
    ),
    "speech-to-speech": (
        "custom",
        {"key": "", "url": "ws://host:8765/v1/realtime"},
        "ws://host:8765/v1/realtime",
        {},
        Dialect.GA,
    ),
    "speaches": (
        "custom",
        {"key": "", "url": "wss://host/v1/realtime", "model": "m", "headers": {"X-API-Key": KEY}},
        "wss://host/v1/realtime?model=m",
        {"X-API-Key": KEY},
        Dialect.GA,
    ),
    "azure voice live": (
        "azure-voice-live",
        {"url": "wss://res.services.ai.azure.com"},
        "wss://res.services.ai.azure.com/voice-live/realtime?api-version=2026-04-10&model=gpt-realtime-2.1",
        {**BETA, "api-key": KEY},
        Dialect.BETA,
    ),
    "azure voice live, by token, in a version of its own": (
        "azure-voice-live",
        {
            "url": "wss://res.services.ai.azure.com/voice-live/realtime",
            "model": "gpt-4.1",
            "azure": AzureRoute(api_version="2026-07-15", token="eyJ"),
        },
        "wss://res.services.ai.azure.com/voice-live/realtime?api-version=2026-07-15&model=gpt-4.1",
        {**BETA, "Authorization": "Bearer eyJ"},
        Dialect.BETA,
    ),
    "azure voice live, with its version in the address": (
        "azure-voice-live",
        {"url": "wss://res.services.ai.azure.com/voice-live/realtime?api-version=2026-01-01-preview"},
        "wss://res.services.ai.azure.com/voice-live/realtime?api-version=2026-01-01-preview&model=gpt-realtime-2.1",
        {**BETA, "api-key": KEY},
        Dialect.BETA,
    ),
    "xai": ("xai", {}, "wss://api.x.ai/v1/realtime?model=grok-voice-latest", BEARER, Dialect.GA),
    "qwen": (
        "qwen",
        {},
        "wss://dashscope-intl.aliyuncs.com/api-ws/v1/realtime?model=qwen3.5-omni-flash-realtime",
        {**BETA, **BEARER},
        Dialect.BETA,
    ),
    "inworld": (
        "inworld",
        {"fresh": lambda: "edged-1"},
        "wss://api.inworld.ai/api/v1/realtime/session?protocol=realtime&key=edged-1",
        {"Authorization": f"Basic {KEY}"},
        Dialect.GA,
    ),
    "inworld, with an id of its own": (
        "inworld",
        {"query": {"key": "mine"}},
        "wss://api.inworld.ai/api/v1/realtime/session?protocol=realtime&key=mine",
        {"Authorization": f"Basic {KEY}"},
        Dialect.GA,
    ),
    "cloudflare": (
        "cloudflare",
        {
            "url": "wss://gateway.ai.cloudflare.com/v1/a/g/openai",
            "headers": {"cf-aig-authorization": "Bearer cf"},
        },
        "wss://gateway.ai.cloudflare.com/v1/a/g/openai?model=gpt-realtime-2.1",
        {**BEARER, "cf-aig-authorization": "Bearer cf"},
        Dialect.GA,
    ),
    "litellm": (
        "litellm",
        {"model": "voice"},
        "ws://127.0.0.1:4000/v1/realtime?model=voice",
        BEARER,
        Dialect.GA,
    ),
    "localai": (
        "localai",
        {"key": "", "model": "p"},
        "ws://127.0.0.1:8080/v1/realtime?model=p",
        {},
        Dialect.GA,
    ),
    "speaches, by its row": (
        "speaches",
        {"key": "", "model": "llama3.2"},
        "ws://127.0.0.1:8000/v1/realtime?model=llama3.2",
        BETA,
        Dialect.BETA,
    ),
    "speech-to-speech, by its row": (
        "speech-to-speech",
        {"key": ""},
        "ws://127.0.0.1:8765/v1/realtime",
        {},
        Dialect.GA,
    ),
    "any other, with a query of its own": (
        "custom",
        {"url": "wss://h:99/x?a=1", "model": "m", "query": {"b": "2 3"}},
        "wss://h:99/x?a=1&model=m&b=2%203",
        BEARER,
        Dialect.GA,
    ),
}


@pytest.mark.parametrize(("name", "options", "url", "headers", "dialect"), ASKED.values(), ids=ASKED)
def test_where_and_with_what_each_is_asked(name, options, url, headers, dialect):
    found = endpoint(name, **{"key": KEY, **options})
    assert found.url == url
    assert found.headers == headers
    assert found.dialect is dialect
    assert found.provider is PROVIDERS[name]


def test_every_provider_is_asked_in_some_way():
    assert {name for name, *_ in ASKED.values()} == set(PROVIDERS)


def test_where_a_connection_goes_is_read_from_the_address():
    found = endpoint("local")
    assert (found.host, found.port, found.secure) == ("127.0.0.1", 8765, False)
    found = endpoint("openai", key=KEY)
    assert (found.host, found.port, found.secure) == ("api.openai.com", 443, True)
    assert endpoint("custom", url="ws://localhost/").port == 80


def test_the_beta_header_goes_with_the_beta_dialect_only():
    for name, provider in PROVIDERS.items():
        for dialect in (None, *Dialect):
            found = endpoint(name, url="wss://h/", key=KEY, model="m", dialect=dialect)
            assert found.dialect is (dialect or provider.dialect)
            assert ("OpenAI-Beta" in found.headers) == (found.dialect is Dialect.BETA)


def test_own_headers_replace_ours_whatever_their_capitals():
    found = endpoint(
        "portkey",
        key=KEY,
        headers={"x-portkey-provider": "@slug", "X-Portkey-Api-Key": "other", "openai-beta": "realtime=v2"},
    )
    assert found.headers == {
        "x-portkey-provider": "@slug",
        "X-Portkey-Api-Key": "other",
        "openai-beta": "realtime=v2",
    }


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("openai", {}, "needs a key"),
        ("a15t", {}, "needs a key"),
        ("portkey", {}, "needs a key"),
        ("portkey", {"portkey": PortkeyRoute(virtual_key="v")}, "needs a key"),
        ("portkey", {"url": GATEWAY, "portkey": PortkeyRoute(provider="openai")}, "provider's own key"),
        ("azure", {"url": "wss://res.openai.azure.com"}, "token_file"),
        ("azure", {"key": KEY}, "is not an address"),
        (
            "azure",
            {"key": KEY, "url": "wss://res.openai.azure.com/openai/realtime", "model": "d"},
            "azure.api_version",
        ),
        ("azure-voice-live", {"url": "wss://res.services.ai.azure.com"}, "token_file"),
        ("azure-voice-live", {"key": KEY}, "is not an address"),
        ("xai", {}, "needs a key"),
        ("inworld", {}, "needs a key"),
        ("cloudflare", {"key": KEY}, "is not an address"),
        ("localai", {}, "provider.model: localai needs the name of LocalAI's realtime pipeline"),
        ("litellm", {"url": "ws://10.0.0.2:4000/v1/realtime", "key": KEY, "model": "m"}, "unencrypted"),
        ("custom", {"url": "https://h/v1"}, "wss://host"),
        ("custom", {"url": "wss://"}, "is not an address"),
        ("custom", {"url": "ws://gateway.local/", "key": KEY}, "unencrypted"),
        ("custom", {"url": "ws://gateway.local/", "headers": {"X-API-Key": KEY}}, "unencrypted"),
        ("azure", {"url": "ws://res/", "azure": AzureRoute(token="eyJ")}, "unencrypted"),
        ("custom", {"url": "ws://127.0.0.1.example.org/", "key": KEY}, "unencrypted"),
        ("portkey", {"url": "ws://gateway/", "portkey": PortkeyRoute(config=OWN_CONFIG)}, "unencrypted"),
        ("custom", {"url": "wss://h/", "headers": {"a": "x\r\nHost: y"}}, "no header can carry"),
    ],
)
def test_what_cannot_work_is_reported(name, options, says):
    with pytest.raises(ConfigError, match=says):
        endpoint(name, **options)


def test_an_address_with_a_password_is_refused_and_not_repeated():
    with pytest.raises(ConfigError, match="contains a name or a password") as caught:
        endpoint("custom", url=f"wss://user:{KEY}@h/")
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"])
def test_a_key_may_go_in_the_open_to_this_machine(host):
    assert endpoint("custom", url=f"ws://{host}:8081/", key=KEY).port == 8081


def test_no_secret_is_in_its_text_form():
    found = endpoint("openai", key=KEY, proxy=f"http://name:{KEY}@proxy", headers={"a": KEY})
    route = PortkeyRoute(virtual_key=KEY, config=KEY, authorization=KEY)
    assert KEY not in f"{found!r} {route!r} {AzureRoute(token=KEY)!r}"
    assert endpoint("portkey", key=KEY, portkey=route).headers["x-portkey-virtual-key"] == KEY


def test_each_row_tells_what_the_line_has_to_know():
    limits = {name: row.session_s for name, row in PROVIDERS.items() if row.session_s}
    assert limits == {
        "openai": 3600,
        "azure": 1800,
        "azure-voice-live": 1800,
        "xai": 1800,
        "qwen": 7200,
        "cloudflare": 3600,
        "speaches": 1800,
    }
    assert {name for name, row in PROVIDERS.items() if row.slots == 1} == {"custom", "speech-to-speech"}


def test_a_fresh_value_is_another_one_for_each_connection():
    ids = {parse_qs(urlsplit(endpoint("inworld", key=KEY).url).query)["key"][0] for _ in range(100)}
    assert len(ids) == 100


def test_remedies_are_of_causes_that_there_are():
    for row in PROVIDERS.values():
        assert row.remedies.keys() <= CAUSES.keys()


def test_who_adds_the_header_of_beta_himself_begins_with_beta():
    own = {"openai-beta": "realtime=v1"}
    begun = endpoint("openai", key="k", headers=own)
    assert (begun.dialect, begun.headers["openai-beta"]) == (Dialect.BETA, "realtime=v1")
    assert "OpenAI-Beta" not in begun.headers
    asked = endpoint("openai", key="k", headers=own, dialect=Dialect.GA)
    assert asked.dialect is Dialect.GA
    assert not {"openai-beta", "OpenAI-Beta"} & asked.headers.keys()


@pytest.mark.parametrize(
    ("way", "headers", "query"),
    [
        ("X-API-Key", {"X-API-Key": KEY}, ""),
        ("Authorization: Basic", {"Authorization": f"Basic {KEY}"}, ""),
        ("?api_key", {}, f"?api_key={KEY}"),
    ],
)
def test_a_key_goes_the_way_that_the_row_says(monkeypatch, way, headers, query):
    monkeypatch.setitem(PROVIDERS, "custom", replace(PROVIDERS["custom"], key_as=way))
    found = endpoint("custom", url="wss://h/", key=KEY)
    assert (found.headers, found.url) == (headers, f"wss://h/{query}")
