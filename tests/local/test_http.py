"""The service over plain HTTP: short-lived keys with their settings, models, and access."""

import itertools
import json

import pytest

from edged.local import bill
from edged.local.bill import Ledger
from edged.local.caller import Caller, keys_of
from edged.local.entrance import Entrance
from edged.local.http import MOST_SECRETS, Admission, ClientSecret, endpoint, respond
from edged.local.likeness import LIKENESSES, like_of
from edged.wire import Dialect
from instruments.peers.clients.optional import MINTED

ALL = {**MINTED, "model": "gpt-realtime", "instructions": "Be kind."}


def asked(method, path, body=None, *, door=None, key="", ledger=None, wall=1000.0):
    numbers = itertools.count(1)
    return respond(
        method,
        path,
        body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b"",
        keys=(key,) if key else (),
        door=door or Admission(),
        ledger=ledger or Ledger(),
        wall=wall,
        new_id=lambda prefix: f"{prefix}_{next(numbers)}",
    )


def test_a_beta_session_with_every_option():
    reply = asked("POST", "/v1/realtime/sessions", ALL)
    assert reply.status == 200
    assert {name: reply.body[name] for name in ALL if name != "turn_detection"} == {
        name: ALL[name] for name in ALL if name != "turn_detection"
    }
    assert ALL["turn_detection"].items() <= reply.body["turn_detection"].items()
    assert (reply.body["object"], reply.body["id"][:5]) == ("realtime.session", "sess_")
    assert reply.body["client_secret"] == {"value": "ek_2", "expires_at": 1060}


def test_a_ga_secret_with_its_session():
    session = {"type": "realtime", "audio": {"output": {"voice": "cedar"}}}
    body = {"expires_after": {"anchor": "created_at", "seconds": 30}, "session": session}
    reply = asked("POST", "/v1/realtime/client_secrets", body)
    assert (reply.status, reply.body["expires_at"]) == (200, 1030)
    assert reply.body["session"]["audio"]["output"]["voice"] == "cedar"
    assert asked("POST", "/openai/v1/realtime/client_secrets").body["expires_at"] == 1600


@pytest.mark.parametrize(
    ("path", "body", "code", "param"),
    [
        ("sessions", {"voice": "nova"}, "invalid_value", "voice"),
        ("sessions", {"type": "realtime"}, "unknown_parameter", "type"),
        ("sessions", {"temperature": 0.3}, "invalid_value", "temperature"),
        ("sessions", {"model": 7}, "model_not_found", "model"),
        ("sessions", b"{", "invalid_json", None),
        ("sessions", b"[" * 100_000, "invalid_json", None),
        ("sessions", [], "invalid_type", "body"),
        ("sessions", b'{"temperature": NaN}', "invalid_json", None),
        (
            "sessions",
            b'{"tools": [{"type": "function", "name": "f", "parameters": {"a": 1e999}}]}',
            "invalid_value",
            "body",
        ),
        ("client_secrets", {"session": {}}, "missing_required_parameter", "session.type"),
        (
            "client_secrets",
            {"session": {"type": "realtime", "voice": "x"}},
            "unknown_parameter",
            "session.voice",
        ),
        ("client_secrets", {"expires_after": {"seconds": 9}}, "invalid_value", "expires_after.seconds"),
        ("client_secrets", {"session": 3}, "invalid_type", "session"),
        ("client_secrets", {"model": "m"}, "unknown_parameter", "model"),
    ],
)
def test_a_bad_request_says_what_is_wrong(path, body, code, param):
    reply = asked("POST", f"/v1/realtime/{path}", body)
    assert reply.status == 400
    assert (reply.body["error"]["code"], reply.body["error"]["param"]) == (code, param)
    assert reply.body["error"]["message"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("client_secrets", {"session": None, "expires_after": None}),
        (
            "client_secrets",
            {"session": {"type": "realtime", "model": None}, "expires_after": {"seconds": None}},
        ),
        ("sessions", {"client_secret": None, "model": None, "voice": None}),
        ("sessions", {"client_secret": {"expires_after": None}}),
    ],
)
def test_null_in_a_request_is_a_field_that_is_not_given(path, body):
    assert asked("POST", f"/v1/realtime/{path}", body) == asked("POST", f"/v1/realtime/{path}", {})


def test_models_are_named_as_clients_are_to_name_them():
    plain = asked("GET", "/v1/models").body["data"]
    assert [model["id"] for model in plain] == ["gpt-realtime", "gpt-4o-realtime-preview"]
    door = Admission(models=("gpt-realtime",), prefix="openai/")
    assert [model["id"] for model in asked("GET", "/v1/models", door=door).body["data"]] == [
        "openai/gpt-realtime"
    ]
    assert door.knows_model("openai/gpt-realtime")
    assert not door.knows_model("gpt-realtime")
    assert Admission().knows_model("anything/at-all")
    reply = asked("POST", "/v1/realtime/sessions", {"model": "gpt-realtime"}, door=door)
    assert reply.body["error"]["code"] == "model_not_found"


@pytest.mark.parametrize(
    ("path", "status"), [("gpt-realtime", 200), ("openai%2Fgpt-realtime", 404), ("x", 404)]
)
def test_one_model_can_be_looked_up(path, status):
    reply = asked("GET", f"/v1/models/{path}")
    assert reply.status == status
    assert reply.body.get("id", "gpt-realtime") == "gpt-realtime"


def test_a_key_is_asked_for_where_there_is_one():
    door = Admission(keys=("sk-1", "sk-2"))
    assert asked("GET", "/v1/models", door=door).status == 401
    assert asked("GET", "/v1/models", door=door, key="sk-3").body["error"]["code"] == "invalid_api_key"
    assert asked("GET", "/v1/models", door=door, key="sk-2").status == 200


def test_a_short_lived_key_opens_until_it_expires():
    door = Admission(keys=("sk-1",))
    value = asked("POST", "/v1/realtime/sessions", ALL, door=door, key="sk-1").body["client_secret"]["value"]
    assert door.lets_in((value,), 1059)
    assert door.secret((value,), 1059).settings["voice"] == "shimmer"
    assert door.secret((value,), 1059).dialect is Dialect.BETA
    assert not door.lets_in((value,), 1060)


def test_short_lived_keys_do_not_pile_up():
    door = Admission()
    for n in range(MOST_SECRETS + 10):
        respond(
            "POST",
            "/v1/realtime/sessions",
            b"",
            keys=(),
            door=door,
            ledger=Ledger(),
            wall=0,
            new_id=lambda p, n=n: f"{p}_{n}",
        )
    assert door.secret(("ek_9",), 0) is None
    assert door.secret(("ek_10",), 0) is not None


@pytest.mark.parametrize(
    ("headers", "protocols", "query"),
    [
        ({"authorization": "Bearer sk-1"}, [], {}),
        ({"authorization": "bearer sk-1"}, [], {}),
        ({"authorization": " BEARER  sk-1 "}, [], {}),
        ({"authorization": "sk-1"}, [], {}),
        ({"api-key": "sk-1"}, [], {}),
        ({"x-portkey-api-key": "sk-1"}, [], {}),
        ({}, ["realtime", "openai-insecure-api-key.sk-1", "openai-beta.realtime-v1"], {}),
        ({}, [], {"api-key": "sk-1"}),
    ],
)
def test_a_key_is_found_wherever_clients_put_it(headers, protocols, query):
    assert keys_of(headers, protocols, query) == ("sk-1",)


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/v1/realtime", "realtime"),
        ("/openai/v1/realtime", "realtime"),
        ("/openai/realtime", "realtime"),
        ("/realtime", "realtime"),
        ("/v1/realtime/", "realtime"),
        ("/v1/models", "models"),
        ("/v1/realtime/sessions", "realtime/sessions"),
        ("/v2/realtime", None),
        ("/v1/realtimes", None),
        ("/", None),
    ],
)
def test_paths_of_all_services_are_known(path, what):
    assert endpoint(path) == what


def test_the_wrong_path_or_method_is_told():
    assert asked("GET", "/nowhere").status == 404
    assert asked("GET", "/v1/realtime/sessions").status == 405
    assert asked("DELETE", "/v1/models").status == 405


def test_the_bodyis_there_to_read():
    ledger = Ledger()
    ledger.came("sess_1", 480, 1.0)
    ledger.came("sess_1", 480, 1.2)
    ledger.came("sess_1", 480, 9.0)
    body = asked("GET", "/edged/ledger", ledger=ledger).body
    assert body["appended"] == {"sess_1": 1440}
    assert [(span["first_s"], span["last_s"], span["n_bytes"]) for span in body["spans"]] == [
        (1.0, 1.2, 960),
        (9.0, 9.0, 480),
    ]
    json.dumps(body)


def test_a_good_key_counts_whatever_else_is_brought():
    door = Admission(keys=("sk-1",))
    brought = keys_of({"authorization": "Bearer OPENAI_API_KEY", "x-portkey-api-key": "sk-1"}, [], {})
    assert brought == ("OPENAI_API_KEY", "sk-1")
    assert door.lets_in(brought, 0)
    assert not door.lets_in(("OPENAI_API_KEY",), 0)
    assert not door.lets_in((), 0)


def test_the_bodyis_for_those_with_a_key_of_the_server_s_own():
    door = Admission(keys=("sk-1",))
    door.put("ek_1", ClientSecret(Dialect.GA, "m", {}, 2000))
    assert asked("GET", "/v1/models", door=door, key="ek_1").status == 200
    assert [asked("GET", "/edged/ledger", door=door, key=key).status for key in ("", "ek_1", "sk-1")] == [
        401,
        401,
        200,
    ]


def test_the_bodydoes_not_grow_with_sessions_that_only_clear(monkeypatch):
    monkeypatch.setattr(bill, "MOST", 5)
    ledger = Ledger()
    for n in range(50):
        ledger.cleared[f"sess_{n}"] += 0
        ledger.gone(f"sess_{n}")
    assert list(ledger.cleared) == [f"sess_{n}" for n in range(45, 50)]


CALLS = {
    "client_secrets": (Dialect.GA, {"session": {"type": "realtime"}}),
    "sessions": (Dialect.BETA, {}),
    "transcription_sessions": (Dialect.BETA, {}),
}


@pytest.mark.parametrize("name", LIKENESSES)
@pytest.mark.parametrize("call", CALLS)
def test_a_service_makes_short_lived_keys_for_sessions_that_it_has(name, call):
    door = Admission()
    like = like_of(name)
    Entrance(like, door)
    dialect, body = CALLS[call]
    form = like.conduct.forms.get(dialect)
    has = form is not None and (call != "transcription_sessions" or form.transcribes)
    reply = asked("POST", f"/v1/realtime/{call}", body, door=door)
    assert reply.status == (200 if has else 404)


@pytest.mark.parametrize("name", LIKENESSES)
def test_a_service_without_transcription_sessions_makes_no_keys_for_them(name):
    door = Admission()
    like = like_of(name)
    Entrance(like, door)
    form = like.conduct.forms.get(Dialect.GA)
    reply = asked("POST", "/v1/realtime/client_secrets", {"session": {"type": "transcription"}}, door=door)
    if form is None:
        assert reply.status == 404
    elif form.transcribes:
        assert reply.body["session"]["object"] == "realtime.transcription_session"
    elif name == "xai":  # it ignores what it does not know
        assert reply.body["session"]["object"] == "realtime.session"
    else:
        assert (reply.status, reply.body["error"]["param"]) == (400, "session.type")


@pytest.mark.parametrize("name", LIKENESSES)
def test_a_service_lists_each_model_once_and_by_a_name_that_it_takes(name):
    door = Admission()
    entrance = Entrance(like_of(name), door)
    listed = [model["id"] for model in asked("GET", "/v1/models", door=door).body["data"]]
    assert listed
    assert len(set(listed)) == len(listed)
    path = f"{entrance.path}?api-version=1&protocol=realtime&key=one"
    for model in listed:
        caller = Caller.of(
            "GET", f"{path}&model={model}", [("upgrade", "websocket"), ("authorization", "Bearer k")]
        )
        visit = entrance.entry(caller, 0.0)
        assert (visit.refused, name == "inworld" or visit.model == model) == (None, True)
