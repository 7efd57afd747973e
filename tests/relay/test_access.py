"""Which clients come in, which are refused and why, and the dialect of each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.errors import ConfigError
from edged.relay.access import AccessPolicy, Handshake, dialect, full, refusal
from edged.wire import Dialect

TOKEN = "0123456789abcdef"
HERE = AccessPolicy()
OPEN = AccessPolicy(bound="0.0.0.0", token=TOKEN)


def asked(target="/", host="localhost:8081", origin=None, **more):
    return Handshake(target, hosts=(host,), origins=(origin,) if origin else (), **more)


def status(asked, policy=HERE):
    refused = refusal(asked, policy)
    return refused and refused.status


@pytest.mark.parametrize(
    "target",
    ["/", "/?model=x", "/v1/realtime", "/v1/realtime?model=a%2Fb", "/openai/v1/realtime?model=deployment"],
)
def test_clients_of_this_machine_need_nothing(target):
    assert refusal(asked(target), HERE) is None


@pytest.mark.parametrize("target", ["/v1", "/v1/realtime/", "//", "/metrics", "", "/v1/realtime/../x"])
def test_elsewhere_there_is_nothing_and_it_says_where(target):
    refused = refusal(asked(target), HERE)
    assert refused.status == 404
    assert "/v1/realtime" in refused.text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:8081", "127.9.9.9", "[::1]:8081"])
def test_hosts_that_are_this_machine(host):
    assert status(asked(host=host)) is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8081",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil@localhost",
        "localhost@evil.example",
        "192.168.1.5",
        "0.0.0.0",
        "localhost:port",
        "localhost/",
        "[::1",
        "2130706433",
        "",
    ],
)
def test_a_name_that_was_made_to_mean_this_machine_is_refused(host):
    assert status(asked(host=host)) == 403


def test_a_host_has_to_be_there_once():
    assert status(Handshake("/")) == 403
    assert status(Handshake("/", hosts=("localhost", "localhost"))) == 403


@pytest.mark.parametrize(
    "origin", ["http://localhost:3000", "https://127.0.0.1", "http://[::1]:5173", "HTTP://LOCALHOST"]
)
def test_pages_of_this_machine_come_in(origin):
    assert status(asked(origin=origin)) is None


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://localhost.evil.example",
        "http://localhost@evil.example",
        "http://evil.example/localhost",
        "http://localhost/evil",
        "null",
        "file://",
        "chrome-extension://localhost",
        "localhost",
        "http://[::1",
        " ",
    ],
)
def test_other_pages_do_not_and_it_says_how_they_would(origin):
    refused = refusal(asked(origin=origin), HERE)
    assert refused.status == 403
    assert "--allow-origin" in refused.text


def test_two_origins_are_one_too_many():
    assert status(Handshake("/", ("localhost",), ("http://localhost", "http://localhost"))) == 403


def test_an_allowed_origin_comes_in_and_no_other():
    policy = AccessPolicy(origins=frozenset({"https://Console.example/", "chrome-extension://abc"}))
    assert status(asked(origin="https://console.example"), policy) is None
    assert status(asked(origin="chrome-extension://abc"), policy) is None
    assert status(asked(origin="https://console.example:8443"), policy) == 403
    assert status(asked(origin="http://console.example"), policy) == 403


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "console.example",
        "https://console.example/page",
        "https://console.example?page",
        "https://console.example#page",
        "*",
        "//console.example",
        "https://",
        "https://a@b.example",
    ],
)
def test_what_is_no_origin_can_not_be_allowed(origin):
    with pytest.raises(ConfigError, match="origin"):
        AccessPolicy(origins=frozenset({origin}))


# -- off loopback ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("bound", ["0.0.0.0", "::", "192.168.1.5", "kiosk.example", ""])
def test_off_loopback_there_has_to_be_a_token(bound):
    with pytest.raises(ConfigError, match="--token-file"):
        AccessPolicy(bound=bound)
    assert AccessPolicy(bound=bound, token=TOKEN)


@pytest.mark.parametrize("token", ["short", TOKEN[1:], "ä" * 32])
def test_a_token_that_is_none_is_refused(token):
    with pytest.raises(ConfigError, match="openssl rand"):
        AccessPolicy(token=token)


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(ConfigError) as wrong:
        AccessPolicy(bound="0.0.0.0", origins=frozenset({"null", "*"}))
    assert [problem.split(":")[0] for problem in wrong.value.problems] == [
        "relay on 0.0.0.0",
        "origin '*'",
        "origin 'null'",
    ]


@pytest.mark.parametrize(
    "more",
    [
        {"target": f"/?token={TOKEN}"},
        {"keys": (TOKEN,)},
        {"authorizations": (f"Bearer {TOKEN}",)},
        {"authorizations": (f"bearer  {TOKEN} ",)},
        {"protocols": ("realtime", f"openai-insecure-api-key.{TOKEN}")},
    ],
)
@pytest.mark.parametrize("policy", [OPEN, AccessPolicy(token=TOKEN)])
def test_the_token_comes_wherever_clients_put_a_key(more, policy):
    assert status(asked(**more), policy) is None


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"target": "/?token="},
        {"keys": (f"{TOKEN}x",)},
        {"target": f"/?token={TOKEN}x"},
        {"target": "/?token=%C3%A4%FF"},
        {"authorizations": (TOKEN,)},
        {"authorizations": (f"Basic {TOKEN}",)},
        {"authorizations": ("Bearer ä\udcff",)},
        {"protocols": (TOKEN, "openai-insecure-api-key.")},
    ],
)
def test_without_it_nobody_comes_in_and_is_told_where_to_put_it(more):
    refused = refusal(asked(**more), OPEN)
    assert refused.status == 401
    assert "Bearer" in refused.text
    assert TOKEN not in refused.text


def test_off_loopback_any_name_of_the_machine_does():
    assert status(asked(f"/?token={TOKEN}", host="kiosk.example:8081"), OPEN) is None


def test_off_loopback_pages_are_still_asked_where_from():
    assert status(asked(f"/?token={TOKEN}", origin="https://evil.example"), OPEN) == 403


def test_no_secret_shows():
    secret = asked(f"/?token={TOKEN}", authorizations=(TOKEN,), protocols=(TOKEN,), keys=(TOKEN,))
    assert TOKEN not in repr(secret)
    assert TOKEN not in repr(OPEN)


@given(st.text(), st.text(), st.text(), st.text())
def test_nothing_is_too_odd(target, host, origin, value):
    odd = Handshake(target, (host,), (origin,), (value,), (value,), (value,))
    for policy in (HERE, OPEN):
        refused = refusal(odd, policy)
        assert refused is None or refused.text
    dialect(odd)


def test_who_finds_no_place_is_told_how_many_there_are_and_what_lets_in_more():
    refused = full(32)
    assert refused.status == 503
    assert "32 clients" in refused.text
    assert "--most-clients" in refused.text


# -- their dialect ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "speaks"),
    [
        (asked("/"), Dialect.BETA),
        (asked("/?model=x"), Dialect.BETA),
        (asked("/v1/realtime"), Dialect.GA),
        (asked("/openai/v1/realtime"), Dialect.GA),
        (asked("/v1/realtime", betas=("realtime=v1",)), Dialect.BETA),
        (asked("/v1/realtime", betas=("assistants=v2, realtime=v1",)), Dialect.BETA),
        (asked("/v1/realtime", betas=("assistants=v2",)), Dialect.GA),
        (asked("/v1/realtime", protocols=("realtime", "openai-beta.realtime-v1")), Dialect.BETA),
        (asked("/v1/realtime", protocols=("realtime",)), Dialect.GA),
    ],
)
def test_which_dialect_a_client_speaks(what, speaks):
    assert dialect(what) is speaks


def test_a_query_parameter():
    assert asked("/?model=openai%2Fx&model=y").query("model") == "openai/x"
    assert asked("/").query("model") == ""


def test_a_policy_in_words_keeps_its_token():
    assert "0123456789abcdef" not in repr(AccessPolicy(token="0123456789abcdef"))
