"""The words of bodies, in each format that services send."""

import gzip
import json
import zlib

import pytest

from edged.dial.http_answer import MOST_BODY, HttpAnswer
from edged.dial.service_words import MOST_WORDS, ServiceWords, said_in, words_of

NO = "Not today."


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"message": NO, "type": "t", "code": "c", "param": None}}, ServiceWords(NO, "c", "t")),
        ({"error": {"message": NO, "type": "None", "param": "None", "code": "401"}}, ServiceWords(NO, "401", "")),
        ({"error": {"code": 403, "message": NO, "status": "PERMISSION_DENIED"}}, ServiceWords(NO, "403", "PERMISSION_DENIED")),
        ([{"error": {"code": 403, "message": NO}}], ServiceWords(NO, "403", "")),
        ({"error": {"code": "Outer", "message": "", "innererror": {"code": "Inner", "message": NO}}}, ServiceWords(NO, "Inner", "")),
        ({"statusCode": 401, "message": NO}, ServiceWords(NO, "", "")),
        ({"status": "failure", "message": NO}, ServiceWords(NO, "", "failure")),
        ({"detail": NO}, ServiceWords(NO)),
        ({"detail": [{"loc": ["query", "model"], "msg": NO, "type": "missing"}]}, ServiceWords(NO, "", "missing")),
        ({"detail": {"error": NO}}, ServiceWords(NO)),
        ({"success": False, "errors": [{"code": 10000, "message": NO}]}, ServiceWords(NO, "10000")),
        ({"code": "InvalidApiKey", "message": NO, "request_id": "x"}, ServiceWords(NO, "InvalidApiKey")),
        ({"error": "invalid_client", "error_description": NO}, ServiceWords(NO, "invalid_client")),
        ({"type": "https://example.com/no", "title": "No", "detail": NO, "status": 403}, ServiceWords(NO)),
        ({"Message": NO}, ServiceWords(NO)),
        ({"fault": {"faultstring": NO, "detail": {"errorcode": "x.y"}}}, ServiceWords(NO, "x.y")),
        ({"reason": NO}, ServiceWords(NO)),
        ({"because": NO, "id": 7}, ServiceWords(NO)),
        (NO, ServiceWords(NO)),
        (f"<html><head><title> {NO}\n</title></head><body>more</body></html>", ServiceWords(NO)),
        (f"<html><body><script>var a;</script><h1>{NO}</h1>more</body></html>", ServiceWords(NO)),
        (f"<html><style>p {{}}</style><body><p>{NO}</p></body></html>", ServiceWords(NO)),
        ("<title>A &amp; B &lt;b&gt;</title>", ServiceWords("A & B <b>")),
        (f"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>{NO}</Message></Error>", ServiceWords(NO, "AccessDenied")),
        (f'{{"error": {{"message": "{NO}", "code": "c", "mo', ServiceWords(NO, "c")),
        ('{"ok": true}', ServiceWords()),
        ("{}", ServiceWords()),
        ("  ", ServiceWords()),
        ("{no JSON}", ServiceWords("{no JSON}")),
    ],
)  # fmt: skip
def test_a_body(body, said):
    raw = body if isinstance(body, str) else json.dumps(body)
    assert said_in(raw.encode()) == said


def test_a_long_message_is_cut_between_words():
    words = said_in(json.dumps({"detail": "word " * 1000 + "secret"}).encode())
    assert len(words.message) <= MOST_WORDS
    assert words.message.endswith("word")
    assert said_in(("x" * 5000).encode()).message == ""


def test_of_what_was_cut_off_the_last_word_is_left_out():
    assert said_in(b"no access with sk-half", cut=True).message == "no access with"
    assert said_in(b'{"detail": "no access with sk-half', cut=True).message == "no access with"


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ('WWW-Authenticate: Bearer error="invalid_token", error_description="It has run out"', ServiceWords("It has run out", "invalid_token")),
        ("WWW-Authenticate: Bearer error=invalid_token", ServiceWords("", "invalid_token")),
        ("WWW-Authenticate: Basic realm=x", ServiceWords("Go Away")),
        ("cf-mitigated: challenge", ServiceWords("Go Away", "", "firewall page")),
    ],
)  # fmt: skip
def test_where_the_body_says_nothing_the_head_may(headers, said):
    answer = HttpAnswer()
    answer.feed(f"HTTP/1.1 401 Go Away\r\n{headers}\r\n\r\n".encode())
    assert words_of(answer) == said


def test_an_answer_is_known_by_its_head_and_what_came_of_its_body():
    answer = HttpAnswer()
    for byte in b"HTTP/1.1 403 Forbidden\r\nA: 1\r\na: 2\r\n\r\nbody":
        assert answer.status is None or answer.refuses
        answer.feed(bytes([byte]))
    assert (answer.status, answer.phrase, answer.header("a"), answer.body) == (403, "", "1", b"body")
    assert not answer.is_enough
    answer.feed(b"x" * MOST_BODY)
    assert answer.is_enough


@pytest.mark.parametrize(
    "raw", [b"SSH-2.0-OpenSSH\r\n\r\n", b"HTTP/1.1 9 x\r\n\r\n", b"HTTP/1.1 403", b"", b"\r\n\r\n"]
)
def test_what_is_no_answer_refuses_nothing(raw):
    answer = HttpAnswer()
    answer.feed(raw)
    assert answer.status is None
    assert not answer.refuses
    assert (answer.body, answer.phrase, answer.header("a")) == (b"", "", "")


def test_who_is_let_in_is_not_refused():
    answer = HttpAnswer()
    answer.feed(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
    assert not answer.refuses


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_body_that_becomes_more_costs_what_is_read_of_it(coding):
    much = bytes(2**24)
    raw = gzip.compress(much) if coding == "gzip" else zlib.compress(much)
    answer = HttpAnswer()
    answer.feed(f"HTTP/1.1 403 No\r\nContent-Encoding: {coding}\r\n\r\n".encode() + raw)
    assert 0 < len(answer.body) <= MOST_BODY


def test_a_coding_that_nobody_knows_has_no_words():
    answer = HttpAnswer()
    answer.feed(b"HTTP/1.1 403 No\r\nContent-Encoding: br\r\n\r\n\x1b\x03")
    assert (answer.status, answer.body) == (403, b"")
