"""How arguments and environment of both SDKs become headers and addresses."""

import json

import pytest

from edged.realtime import AsyncOpenAI, MissingKeyError, OpenAI, Portkey, account
from edged.realtime.account import AccountOptions, merged, query_of
from edged.realtime.given import NOT_GIVEN

OF_BOTH = ("api_key", "base_url", "websocket_base_url", "timeout")


def openai(env=(), **options):
    of_both = {name: options.pop(name) for name in OF_BOTH if name in options}
    return account.openai(dict(env), AccountOptions(**of_both), **options)


def portkey(env=(), **options):
    of_both = {name: options.pop(name) for name in OF_BOTH if name in options}
    forward = options.pop("forward_headers", None)
    return account.portkey(dict(env), AccountOptions(**of_both), options, forward)


def test_openai_is_asked_with_a_bearer():
    found = openai(api_key="sk-1\n", organization="org", project="proj", default_headers={"X-A": "b"})
    assert found.headers == {
        "Authorization": "Bearer sk-1",
        "OpenAI-Organization": "org",
        "OpenAI-Project": "proj",
        "X-A": "b",
    }
    assert found.base_url == found.websocket_base_url == "https://api.openai.com/v1"


def test_openai_reads_its_environment():
    env = {
        "OPENAI_API_KEY": "k",
        "OPENAI_BASE_URL": "http://h/v1",
        "OPENAI_ORG_ID": "o",
        "OPENAI_PROJECT_ID": "p",
    }
    found = openai(env, websocket_base_url="ws://w/v1")
    assert (found.base_url, found.websocket_base_url, found.api_key) == ("http://h/v1", "ws://w/v1", "k")
    assert (found.headers["OpenAI-Organization"], found.headers["OpenAI-Project"]) == ("o", "p")
    assert openai(env, api_key="mine", base_url="https://b").headers["Authorization"] == "Bearer mine"


def test_openai_without_a_key_is_refused_unless_none_is_wanted():
    with pytest.raises(MissingKeyError, match="OPENAI_API_KEY"):
        openai()
    assert "Authorization" not in openai(api_key="").headers


def test_portkey_s_arguments_are_headers():
    found = portkey(
        api_key="pk",
        virtual_key="vk",
        provider="@openai",
        config={"retry": {"attempts": 2}},
        custom_host="https://h/v1",
        aws_region=None,
        trace_id="t",
        metadata={"_user": "u"},
        Authorization="sk-provider",
        cache_force_refresh=True,
        debug=False,
    )
    assert json.loads(found.headers["x-portkey-config"]) == {"retry": {"attempts": 2}}
    assert json.loads(found.headers["x-portkey-metadata"]) == {"_user": "u"}
    rest = {name: value for name, value in found.headers.items() if not value.startswith("{")}
    assert rest == {
        "x-portkey-api-key": "pk",
        "x-portkey-virtual-key": "vk",
        "x-portkey-provider": "@openai",
        "x-portkey-custom-host": "https://h/v1",
        "x-portkey-trace-id": "t",
        "Authorization": "Bearer sk-provider",
        "x-portkey-cache-force-refresh": "true",
        "x-portkey-debug": "false",
    }
    assert found.default_model == "portkey-default"


def test_portkey_takes_a_config_s_id_and_a_whole_bearer():
    found = portkey(api_key="pk", config="pc-1", Authorization="Bearer x")
    assert (found.headers["x-portkey-config"], found.headers["Authorization"]) == ("pc-1", "Bearer x")


def test_headers_that_are_forwarded_keep_their_names():
    found = portkey(api_key="pk", x_tenant="a", forward_headers=["X_Tenant"])
    assert found.headers["x-tenant"] == "a"
    assert found.headers["x-portkey-forward-headers"] == "x-tenant"
    several = portkey(api_key="pk", forward_headers=["a", "b"])
    assert several.headers["x-portkey-forward-headers"] == "a,b"


@pytest.mark.parametrize(
    ("env", "options", "base"),
    [
        ({}, {"api_key": "k"}, "https://api.portkey.ai/v1"),
        ({"PORTKEY_API_KEY": "k"}, {}, "https://api.portkey.ai/v1"),
        ({}, {}, "http://localhost:8787/v1"),
        ({"PORTKEY_PROXY": "https://p/v1"}, {}, "https://p/v1"),
        ({"PORTKEY_PROXY": "https://p/v1", "PORTKEY_BASE_URL": "https://b/v1"}, {}, "https://b/v1"),
        ({"PORTKEY_PROXY": "https://p/v1"}, {"base_url": "https://own/v1"}, "https://own/v1"),
    ],
)
def test_portkey_s_base_is_the_first_that_is_named(env, options, base):
    found = portkey(env, **options)
    assert found.base_url == found.websocket_base_url == base
    assert portkey(env, **options, websocket_base_url="ws://w").websocket_base_url == "ws://w"


def test_portkey_s_own_service_wants_a_key():
    with pytest.raises(MissingKeyError, match="PORTKEY_API_KEY"):
        portkey(base_url="https://api.portkey.ai/v1/")


def test_a_later_header_replaces_an_earlier_one_in_any_case():
    assert merged({"Authorization": "a", "x": "1"}, None, [("authorization", "b")]) == {
        "authorization": "b",
        "x": "1",
    }


@pytest.mark.parametrize("headers", [{"a": "b\r\nEvil: 1"}, {"a\n": "b"}, [("a", "\0")]])
def test_a_header_with_a_line_break_is_refused(headers):
    with pytest.raises(ValueError, match="line break"):
        merged(headers)


def test_a_query_is_text():
    assert query_of({"a": True, "b": 1, "c": None, "d": NOT_GIVEN, "e": ["x", "y"]}) == {
        "a": "true",
        "b": "1",
        "e": "x,y",
    }


def test_clients_read_the_process_s_environment(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "from-env")
    monkeypatch.setenv("PORTKEY_API_KEY", "pk-env")
    assert OpenAI().api_key == "from-env"
    assert Portkey().api_key == "pk-env"
    assert Portkey(api_key="x", trace_id="t", base_url="http://h").trace_id == "t"


def test_the_key_is_in_no_text_form():
    client = AsyncOpenAI(api_key="sk-secret", base_url="https://h/v1")
    assert repr(client) == "AsyncOpenAI(https://h/v1)"
    manager = client.beta.realtime.connect(model="m")
    assert "sk-secret" not in repr(manager._plan) + repr(openai(api_key="sk-secret"))
