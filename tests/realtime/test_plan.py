"""The address and the options of a connection, from what a program asks for."""

import pytest

from edged.realtime import AsyncOpenAI, AsyncPortkey, InsecureURLError
from edged.wire import Dialect

GA, BETA = Dialect.GA, Dialect.BETA


def client(**options):
    return AsyncOpenAI(**{"api_key": "k", "base_url": "https://h/v1?api-version=1", **options})


def planned(manager):
    return manager._plan


def test_both_surfaces_ask_for_their_own_dialect():
    beta = planned(client().beta.realtime.connect(model="openai/x"))
    ga = planned(client().realtime.connect(model="openai/x"))
    assert beta.url == ga.url == "wss://h/v1/realtime?api-version=1&model=openai%2Fx"
    assert beta.headers_for(beta.asks) == {"OpenAI-Beta": "realtime=v1", "Authorization": "Bearer k"}
    assert ga.headers_for(ga.asks) == {"Authorization": "Bearer k"}


def test_the_other_dialect_can_be_asked_for():
    beta = planned(client().beta.realtime.connect(extra_headers={"openai-beta": "realtime=v1"}))
    assert beta.headers_for(GA) == {"Authorization": "Bearer k"}
    ga = planned(client().realtime.connect(model="m"))
    assert ga.headers_for(BETA)["OpenAI-Beta"] == "realtime=v1"
    own = planned(client().realtime.connect(extra_headers={"OpenAI-Beta": "other=v2"}))
    assert own.headers_for(GA)["OpenAI-Beta"] == "other=v2"


def test_what_was_accepted_once_is_asked_for_first():
    speaker = client()
    first = planned(speaker.beta.realtime.connect(model="m"))
    first.accepted[BETA] = GA
    assert planned(speaker.beta.realtime.connect(model="m")).asks is GA
    assert planned(speaker.realtime.connect(model="m")).asks is GA
    assert planned(client().beta.realtime.connect(model="m")).asks is BETA


def test_options_are_the_program_s_then_edged_s():
    plan = planned(
        client().beta.realtime.connect(
            model="m",
            websocket_connection_options={
                "timeout": 30,
                "additional_headers": {"authorization": "Bearer other", "X-A": "1"},
                "max_size": 5,
            },
            extra_headers={"X-A": "0", "X-B": "2"},
        )
    )
    assert plan.open_s == 30
    assert plan.headers == {"authorization": "Bearer other", "X-A": "1", "X-B": "2"}
    assert (plan.options["max_size"], plan.options["compression"], plan.options["proxy"]) == (5, None, None)
    assert "additional_headers" not in plan.options
    assert planned(client().realtime.connect(model="m")).options["max_size"] == 16 * 2**20


@pytest.mark.parametrize(
    ("of_client", "of_connection", "open_s"),
    [
        ({}, {}, 10),
        ({"timeout": 4}, {}, 4),
        ({"timeout": None}, {}, None),
        ({"timeout": 4}, {"timeout": 2}, 2),
        ({}, {"timeout": None}, None),
        ({}, {"open_timeout": 3}, 3),
    ],
)
def test_the_time_to_open_is_the_connection_s_then_the_client_s(of_client, of_connection, open_s):
    manager = client(**of_client).realtime.connect(websocket_connection_options=of_connection)
    assert planned(manager).open_s == open_s


def test_further_keywords_are_query_parameters():
    manager = client().realtime.connect(call_id="rtc_1", deployment="d", extra_query={"x": 1}, nothing=None)
    assert planned(manager).url.endswith("?api-version=1&call_id=rtc_1&deployment=d&x=1")


def test_a_key_in_the_open_is_refused_before_anything_is_sent():
    for speaker in (client(base_url="http://h/v1"), AsyncPortkey(api_key="k", base_url="ws://h/v1")):
        with pytest.raises(InsecureURLError, match="ws://h would send"):
            speaker.beta.realtime.connect(model="m")
    bare = client(api_key="", base_url="http://h/v1")
    assert planned(bare.beta.realtime.connect(model="m")).url == "ws://h/v1/realtime?model=m"
    protocols = {"subprotocols": ["realtime", "openai-insecure-api-key.sk-1"]}
    with pytest.raises(InsecureURLError) as refused:
        bare.beta.realtime.connect(model="m", websocket_connection_options=protocols)
    assert "sk-1" not in str(refused.value)


def test_a_websocket_base_of_its_own_counts():
    speaker = client(websocket_base_url="ws://localhost:1/w", default_query={"a": "b"})
    assert planned(speaker.realtime.connect(model="m")).url == "ws://localhost:1/w/realtime?a=b&model=m"
