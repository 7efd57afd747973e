"""Calls over HTTP: what is sent and what the answers mean; then on loopback, with and without asyncio."""

import asyncio
import json
import sys

import pytest

from edged.errors import WireError
from edged.realtime import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AsyncOpenAI,
    AsyncPortkey,
    AuthenticationError,
    BadRequestError,
    InsecureURLError,
    InternalServerError,
    MissingExtraError,
    OpenAI,
    Portkey,
    RateLimitError,
    RedirectError,
    calls,
)
from edged.realtime.account import Account
from edged.realtime.calls import CallReply, Extra, HttpCall
from tests.realtime.stage import base, held, serving

ACCOUNT = Account("https://h/v1?a=1", "", {"Authorization": "Bearer k"}, "k", default_model="portkey-default")
GONE = CallReply(404, {}, b'{"error": {"message": "gone"}}')


def answered(body, status=200, **headers):
    return CallReply(status, headers, json.dumps(body).encode())


class Asked:
    """A client that keeps its calls instead of making them."""

    def __init__(self, kind=Portkey):
        self.client = kind(api_key="pk", base_url="https://h/v1")
        self.client.beta.realtime.sessions._make = self.client.realtime.client_secrets._make = self.keep

    def keep(self, call):
        self.call = call
        return call


# -- what is sent ----------------------------------------------------------------------------------------


def test_only_what_is_given_is_in_the_body():
    asked = Asked()
    asked.client.beta.realtime.sessions.create()
    assert asked.call.url == "https://h/v1/realtime/sessions"
    assert asked.call.body == {"model": "portkey-default"}
    assert asked.call.headers == {"x-portkey-api-key": "pk"}


def test_every_option_and_more_is_in_the_body():
    options = {
        "model": "m",
        "input_audio_format": "pcm16",
        "input_audio_transcription": None,
        "instructions": "Be.",
        "max_response_output_tokens": "inf",
        "modalities": ["text"],
        "output_audio_format": "g711_ulaw",
        "temperature": 0.7,
        "tool_choice": "none",
        "tools": [{"type": "function"}],
        "turn_detection": None,
        "voice": "alloy",
        "speed": 1.1,
    }
    asked = Asked()
    asked.client.beta.realtime.sessions.create(**{**options, "tools": iter(options["tools"])})
    assert asked.call.body == options


def test_extras_go_where_they_say():
    asked = Asked()
    asked.client.beta.realtime.sessions.create(
        extra_headers={"X-A": "1"}, extra_query={"q": 2}, extra_body={"model": "n"}, timeout=7
    )
    call = asked.call
    assert (call.url, call.body, call.timeout_s) == ("https://h/v1/realtime/sessions?q=2", {"model": "n"}, 7)
    assert call.headers["X-A"] == "1"


def test_the_openai_shape_has_no_model_of_its_own():
    asked = Asked(OpenAI)
    asked.client.beta.realtime.sessions.create(voice="alloy")
    assert asked.call.body == {"voice": "alloy"}
    assert asked.call.timeout_s == 60


def test_a_ga_key_is_asked_for_as_it_is_written():
    asked = Asked(OpenAI)
    asked.client.realtime.client_secrets.create(session={"type": "realtime"})
    assert asked.call.url == "https://h/v1/realtime/client_secrets"
    assert asked.call.body == {"session": {"type": "realtime"}}


def test_what_is_no_json_is_the_program_s_mistake():
    with pytest.raises(ValueError, match="JSON compliant"):
        Asked().client.beta.realtime.sessions.create(temperature=float("nan"))
    with pytest.raises(TypeError):
        Asked().client.beta.realtime.sessions.create(tools=[object()])


def test_a_key_is_not_posted_in_the_open():
    with pytest.raises(InsecureURLError, match="use https://"):
        Portkey(api_key="k", base_url="http://h/v1").beta.realtime.sessions.create()


# -- what the answers mean -------------------------------------------------------------------------------


def test_an_answer_is_a_session_and_its_headers():
    made = calls.session(ACCOUNT, {}, Extra()).read(answered({"id": "sess", "new": 1}, x="y"))
    assert (made.id, made.new, made._headers, made.voice) == ("sess", 1, {"x": "y"}, None)


@pytest.mark.parametrize(
    ("status", "body", "kind", "details"),
    [
        (
            401,
            {"error": {"message": "bad", "code": "invalid_api_key", "type": "t", "param": None}},
            AuthenticationError,
            ("bad", "invalid_api_key", None),
        ),
        (
            400,
            {"error": {"message": "no", "code": "invalid_value", "type": "t", "param": "voice"}},
            BadRequestError,
            ("no", "invalid_value", "voice"),
        ),
        (429, {"status": "failure", "message": "slow"}, RateLimitError, ("slow", None, None)),
        (500, {"error": "broken"}, InternalServerError, ("broken", None, None)),
        (418, {}, APIStatusError, ("the service gives no reason", None, None)),
        (400, [], APIStatusError, ("[]", None, None)),
        (
            403,
            {"error": {"code": 7, "message": None}},
            APIStatusError,
            ("the service gives no reason", None, None),
        ),
    ],
)
def test_a_refusal_is_an_error_of_its_kind(status, body, kind, details):
    with pytest.raises(kind) as refused:
        calls.secret(ACCOUNT, {}, Extra()).read(answered(body, status))
    error = refused.value
    assert (error.message, error.code, error.param) == details
    assert error.status_code == status
    assert error.type == (body["error"].get("type") if details[1] else None)
    assert f"HTTP {status}" in str(error)


def test_a_page_in_place_of_an_answer_is_cut_to_a_line():
    error = calls.refusal(CallReply(502, {}, b"<html>\n\x1b[31m" + b"x" * 1000))
    assert len(str(error)) < 300
    assert str(error).isprintable()
    assert calls.refusal(CallReply(502, {}, None)).message == "the service gives no reason"


def test_a_redirect_is_named_and_not_followed():
    with pytest.raises(RedirectError, match="a redirect to 'https://evil/' is not followed"):
        calls.session(ACCOUNT, {}, Extra()).read(CallReply(307, {"Location": "https://evil/"}, b""))


def test_a_key_comes_with_the_headers_of_its_answer():
    made = calls.secret(ACCOUNT, {}, Extra()).read(answered({"value": "ek_1"}, x="y"))
    assert (made.value, made.get_headers()) == ("ek_1", {"x": "y"})


def test_a_client_s_query_is_on_its_calls():
    client = OpenAI(api_key="k", base_url="https://h/v1", default_query={"v": 1})
    client.beta.realtime.sessions._make = lambda call: call.url
    assert client.beta.realtime.sessions.create() == "https://h/v1/realtime/sessions?v=1"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]"])
def test_an_answer_that_is_none_is_a_wire_error(body):
    with pytest.raises(WireError):
        calls.session(ACCOUNT, {}, Extra()).read(CallReply(200, {}, body))


# -- services without beta sessions -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "refusal", [GONE, answered({"error": {"code": "beta_api_shape_disabled", "message": "no"}}, 400)]
)
def test_a_service_without_beta_sessions_is_asked_for_a_ga_key(refusal):
    asked = {"model": "m", "voice": "alloy", "client_secret": {"expires_after": {"seconds": 60}}}
    second = calls.session(ACCOUNT, asked, Extra()).read(refusal)
    assert isinstance(second, HttpCall)
    assert second.url == "https://h/v1/realtime/client_secrets?a=1"
    assert second.body == {
        "session": {"type": "realtime", "model": "m", "audio": {"output": {"voice": "alloy"}}},
        "expires_after": {"seconds": 60},
    }
    session = {"type": "realtime", "id": "s", "model": "m", "audio": {"output": {"voice": "alloy"}}}
    made = second.read(answered({"value": "ek_1", "expires_at": 5, "session": session}))
    assert (made.id, made.voice, made.client_secret.value, made.client_secret.expires_at) == (
        "s",
        "alloy",
        "ek_1",
        5,
    )
    assert "audio" not in made


def test_a_wrong_path_is_told_as_it_was_at_first():
    second = calls.session(ACCOUNT, {}, Extra()).read(GONE)
    with pytest.raises(APIStatusError, match="gone"):
        second.read(answered({"error": {"message": "nor this"}}, 404))
    with pytest.raises(AuthenticationError, match="key"):
        second.read(answered({"error": {"message": "key"}}, 401))


# -- over loopback ---------------------------------------------------------------------------------------


def test_both_twins_make_keys():
    async def main():
        async with serving(keys=("k",)) as server:
            options = {"api_key": "k", "base_url": base(server)}
            async with AsyncPortkey(**options) as speaker:
                made = await speaker.beta.realtime.sessions.create(model="m")
                secret = await speaker.realtime.client_secrets.create(
                    session={"type": "realtime", "model": "m"}, expires_after={"seconds": 20}
                )
            with OpenAI(**options) as sync:
                again = await asyncio.to_thread(sync.beta.realtime.sessions.create, model="m")
            assert made.model == again.model == secret.session.model == "m"
            assert made.client_secret.value.startswith("ek_")
            short = AsyncOpenAI(api_key=secret.value, base_url=base(server))
            async with short.realtime.connect(model="ignored") as conn:
                assert (await conn.recv()).session.model == "m"

    asyncio.run(main())


def test_a_wrong_key_is_an_authentication_error_for_both_twins():
    def program(url):
        with pytest.raises(AuthenticationError) as refused:
            OpenAI(api_key="wrong", base_url=url).beta.realtime.sessions.create()
        assert refused.value.code == "invalid_api_key"

        async def other():
            with pytest.raises(AuthenticationError):
                await AsyncOpenAI(api_key="wrong", base_url=url).realtime.client_secrets.create()

        asyncio.run(other())

    held(program, keys=("right",))


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (
            b"HTTP/1.1 307 There\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
            RedirectError,
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<htm", APIConnectionError),
        (b"nonsense\r\n\r\n", APIConnectionError),
        (None, APITimeoutError),
    ],
)
def test_what_can_go_wrong_on_the_way_has_a_name(answer, kind):
    asked = []

    async def service(reader, writer):
        asked.append((await reader.readuntil(b"\r\n")).decode())
        if answer is not None:
            writer.write(answer)
        else:
            await reader.read()
        writer.close()

    async def main():
        async with await asyncio.start_server(service, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            options = {"api_key": "k", "base_url": f"http://127.0.0.1:{port}/v1"}
            if answer is None:
                options["timeout"] = 0.01
            with pytest.raises(kind):
                await AsyncOpenAI(**options).realtime.client_secrets.create()
            with pytest.raises(kind):
                await asyncio.to_thread(OpenAI(**options).realtime.client_secrets.create)
        if answer is not None:  # the timeout may come before the request
            assert asked == ["POST /v1/realtime/client_secrets HTTP/1.1\r\n"] * 2

    asyncio.run(main())


def test_nobody_there_is_a_connection_error():
    with pytest.raises(APIConnectionError, match=r"127\.0\.0\.1:1/v1/realtime/sessions cannot"):
        OpenAI(api_key="k", base_url="http://127.0.0.1:1/v1").beta.realtime.sessions.create()


def test_without_httpx_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(MissingExtraError, match=r"pip install .*\[http\]") as missing:
        OpenAI(api_key="k").beta.realtime.sessions.create()
    assert isinstance(missing.value, ImportError)
