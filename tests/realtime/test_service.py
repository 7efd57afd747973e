"""A client of a service that edged knows: its address, its key, its model and its shape."""

from urllib.parse import parse_qs, urlsplit

import pytest

from edged.dial.providers import PROVIDERS
from edged.dial.recognised import recognised
from edged.realtime import MissingKeyError, OpenAI, Portkey, account
from edged.realtime.account import AccountOptions
from edged.realtime.plan import plan
from edged.wire import PLAIN, Dialect

GA, BETA = Dialect.GA, Dialect.BETA
ENV = {"OPENAI_API_KEY": "env-key", "OPENAI_BASE_URL": "https://env/v1", "PORTKEY_API_KEY": "pk-env"}
FIXED = sorted(name for name, row in PROVIDERS.items() if row.url)


def openai(env=(), **options):
    default_headers = options.pop("default_headers", None)
    return account.openai(dict(env), AccountOptions(**options), default_headers=default_headers, project="p")


def planned(found, speaks=GA, **query):
    return plan(found, speaks, query=query, headers=None, options=None)


def asked(found, **query):
    """The address without its query, the query, and the headers of a connection."""
    made = planned(found, **query)
    split = urlsplit(made.address())
    return split._replace(query="").geturl(), parse_qs(split.query), made.headers


# -- by name -------------------------------------------------------------------------------------------------


def test_a_named_service_has_its_own_address_key_and_model():
    url, query, headers = asked(openai(ENV, service="xai", api_key="xai-1"))
    assert url == "wss://api.x.ai/v1/realtime"
    assert query == {"model": ["grok-voice-latest"]}
    assert headers == {"Authorization": "Bearer xai-1"}
    assert openai(service="xai", api_key="k").base_url == "https://api.x.ai/v1"


@pytest.mark.parametrize("name", FIXED)
def test_every_service_with_an_address_is_asked_there(name):
    found = openai(service=name, api_key="k")
    if PROVIDERS[name].needs_model:
        with pytest.raises(ValueError, match="needs model="):
            planned(found)
    url, query, _ = asked(found, model="own")
    assert url.replace("https", "wss") == PROVIDERS[name].url
    assert query.get("model") == (None if PROVIDERS[name].shape.model_in_session else ["own"])


def test_inworld_has_its_own_scheme_and_a_fresh_value_for_each_connection():
    made = planned(openai(service="inworld", api_key="base64"))
    first, second = (parse_qs(urlsplit(made.address()).query) for _ in range(2))
    assert first["protocol"] == second["protocol"] == ["realtime"]
    assert first["key"] != second["key"]
    assert "model" not in first
    assert made.model == "openai/gpt-4.1-mini"
    assert made.headers == {"Authorization": "Basic base64"}
    own = planned(openai(service="inworld", api_key="k"), key="mine")
    assert parse_qs(urlsplit(own.address(lambda: "never")).query)["key"] == ["mine"]


@pytest.mark.parametrize(
    ("base", "path", "query"),
    [
        ("https://r.openai.azure.com", "/openai/v1/realtime", {"model": ["d"]}),
        ("https://r.openai.azure.com/openai/v1/", "/openai/v1/realtime", {"model": ["d"]}),
        (
            "https://r.openai.azure.com/openai?api-version=2024-10-01-preview",
            "/openai/realtime",
            {"deployment": ["d"], "api-version": ["2024-10-01-preview"]},
        ),
    ],
)
def test_azure_s_paths(base, path, query):
    url, found, headers = asked(openai(service="azure", api_key="k", base_url=base), model="d")
    assert (urlsplit(url).path, found) == (path, query)
    assert headers == {"api-key": "k"}


@pytest.mark.parametrize(
    ("name", "base", "url"),
    [
        ("xai", "http://127.0.0.1:9", "ws://127.0.0.1:9/v1/realtime"),
        ("xai", "http://127.0.0.1:9/v1", "ws://127.0.0.1:9/v1/realtime"),
        ("xai", "https://proxy.example/x/v1", "wss://proxy.example/x/v1/realtime"),
        ("inworld", "wss://h/api/v1/realtime/session", "wss://h/api/v1/realtime/session"),
        (
            "qwen",
            "https://dashscope.aliyuncs.com/compatible-mode/v1",
            "wss://dashscope.aliyuncs.com/api-ws/v1/realtime",
        ),
        ("cloudflare", "https://g.example/v1/a/b/openai", "wss://g.example/v1/a/b/openai"),
        ("custom", "https://h/v1", "wss://h/v1/realtime"),
    ],
)
def test_the_path_of_a_connection(name, base, url):
    assert asked(openai(service=name, api_key="k", base_url=base))[0] == url


def test_the_address_of_connections_may_differ():
    found = openai(service="xai", api_key="k", base_url="https://a/v1", websocket_base_url="wss://b/v1")
    assert (found.base_url, asked(found)[0]) == ("https://a/v1", "wss://b/v1/realtime")


def test_a_key_for_openai_goes_to_openai_only():
    for name in ("xai", "qwen", "portkey"):
        with pytest.raises(MissingKeyError, match=name):
            openai(ENV, service=name)
    assert asked(openai(ENV, service="local"))[2] == {}
    assert openai(ENV, service="openai").headers["Authorization"] == "Bearer env-key"
    assert "OpenAI-Project" not in openai(service="xai", api_key="k").headers


def test_the_program_s_own_headers_win():
    found = openai(
        service="azure", api_key="", base_url="https://r/", default_headers={"Authorization": "Bearer e"}
    )
    assert found.headers == {"Authorization": "Bearer e"}


@pytest.mark.parametrize("client", [OpenAI, Portkey])
def test_an_unknown_service_is_refused_with_the_names(client):
    with pytest.raises(ValueError, match=r"'grok' is unknown; use one of openai, azure, .*xai"):
        client(service="grok", api_key="k")
    with pytest.raises(ValueError, match="base_url="):
        client(service="azure", api_key="k")


# -- by host -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://api.x.ai/v1", "xai"),
        ("wss://dashscope-intl.aliyuncs.com/api-ws/v1", "qwen"),
        ("https://w-1.cn-beijing.maas.aliyuncs.com", "qwen"),
        ("https://api.inworld.ai", "inworld"),
        ("https://r.services.ai.azure.com/voice-live", "azure-voice-live"),
        ("https://r.services.ai.azure.com/openai/v1", ""),
        ("https://api.openai.com/v1", ""),
        ("https://evil-api.x.ai.example/v1", ""),
        ("http://127.0.0.1:8080/v1", ""),
        ("", ""),
    ],
)
def test_a_host_shows_the_service(url, name):
    assert recognised(url) == name


def test_each_recognised_service_has_a_row_and_its_address_is_recognised():
    for name in ("xai", "qwen", "inworld"):
        assert recognised(PROVIDERS[name].url) == name


def test_a_base_url_that_shows_the_service_is_enough():
    found = openai({"OPENAI_API_KEY": "k"}, base_url="https://api.x.ai/v1")
    assert found.service.shape == PROVIDERS["xai"].shape
    assert asked(found) == (
        "wss://api.x.ai/v1/realtime",
        {"model": ["grok-voice-latest"]},
        {"Authorization": "Bearer k"},
    )
    voice_live = openai(
        api_key="k", base_url="https://r.services.ai.azure.com/voice-live?api-version=2026-07-15"
    )
    url, query, headers = asked(voice_live, model="gpt-realtime-mini")
    assert url == "wss://r.services.ai.azure.com/voice-live/realtime"
    assert query == {"api-version": ["2026-07-15"], "model": ["gpt-realtime-mini"]}
    assert headers == {"api-key": "k"}


def test_any_other_client_is_plain():
    for found in (openai(ENV), openai(ENV, service="openai"), openai(api_key="k", base_url="https://h/v1")):
        assert (found.service, planned(found).shape) == (None, PLAIN)


# -- the dialect to ask for ----------------------------------------------------------------------------------


@pytest.mark.parametrize("speaks", list(Dialect))
@pytest.mark.parametrize(("name", "asks"), [("xai", GA), ("qwen", BETA), ("inworld", GA), ("litellm", None)])
def test_a_service_with_a_shape_is_asked_for_its_own_dialect(speaks, name, asks):
    made = planned(openai(service=name, api_key="k"), speaks, model="m")
    assert made.asks is (asks or speaks)
    assert ("OpenAI-Beta" in made.headers_for(made.asks)) is (made.asks is BETA)


# -- Portkey's client ----------------------------------------------------------------------------------------


def portkey(env=(), forward=None, others=(), **options):
    return account.portkey(dict(env), AccountOptions(**options), dict(others), forward)


def test_another_service_gets_nothing_of_portkey_s():
    others = {"virtual_key": "vk", "trace_id": "t", "x_own": "1"}
    found = portkey(ENV, ["x_own"], others, service="xai", api_key="xai-1")
    assert asked(found)[2] == {"Authorization": "Bearer xai-1", "x-own": "1"}
    assert asked(found)[0] == "wss://api.x.ai/v1/realtime"
    with pytest.raises(MissingKeyError):
        portkey(ENV, service="xai")


def test_portkey_itself_stays_as_it_was():
    found = portkey(ENV, service="portkey", others={"virtual_key": "vk"})
    assert found.headers == {"x-portkey-api-key": "pk-env", "x-portkey-virtual-key": "vk"}
    assert (found.service, found.base_url) == (None, "https://api.portkey.ai/v1")
    assert portkey(base_url="https://api.x.ai/v1", api_key="k").service.name == "xai"
