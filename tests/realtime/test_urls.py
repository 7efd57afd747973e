"""Addresses below a base URL, and the protection of keys on the way."""

import pytest

from edged.realtime import InsecureURLError
from edged.realtime.urls import address, check_secrecy


@pytest.mark.parametrize(
    ("base", "socket", "call"),
    [
        ("https://h/v1", "wss://h/v1/realtime", "https://h/v1/realtime"),
        ("https://h/v1/", "wss://h/v1/realtime", "https://h/v1/realtime"),
        ("http://h:8787/v1", "ws://h:8787/v1/realtime", "http://h:8787/v1/realtime"),
        ("wss://h", "wss://h/realtime", "https://h/realtime"),
        ("ws://[::1]:1/a/b", "ws://[::1]:1/a/b/realtime", "http://[::1]:1/a/b/realtime"),
    ],
)
def test_the_path_is_added_and_the_scheme_turned(base, socket, call):
    assert address(base, "realtime", "ws") == socket
    assert address(base, "realtime", "http") == call


def test_the_query_is_kept_and_extended():
    found = address(
        "https://h/v1?api-version=1&model=old&x=", "realtime", "ws", {"model": "openai/gpt 4@x", "d": "&"}
    )
    assert found == "wss://h/v1/realtime?api-version=1&model=openai%2Fgpt%204%40x&x=&d=%26"


@pytest.mark.parametrize("base", ["", "h/v1", "ftp://h", "https://", "/v1"])
def test_what_is_no_address_is_said(base):
    with pytest.raises(ValueError, match="write it like https://host/v1"):
        address(base, "realtime", "ws")


@pytest.mark.parametrize(
    ("url", "headers", "says"),
    [
        ("ws://h/realtime", ["Authorization"], "ws://h would send Authorization unencrypted; use wss://"),
        ("ws://127.0.0.1.example.org/", ["x-portkey-api-key"], "x-portkey-api-key unencrypted; use wss://"),
        ("http://h/", ["x-portkey-aws-secret-access-key"], "access-key unencrypted; use https://"),
        ("http://h/", ["X-Portkey-Config"], "X-Portkey-Config"),
        ("ws://h/?api-key=k", [], "api-key"),
        ("ws://me:pass@h/", [], "the password in the address"),
        ("ws://:pass@h/", [], "the password in the address"),
        ("ws://token@h/", [], "the password in the address"),
    ],
)
def test_a_key_does_not_travel_in_the_open(url, headers, says):
    with pytest.raises(InsecureURLError, match=says):
        check_secrecy(url, headers)


@pytest.mark.parametrize(
    "url", ["wss://h/", "https://h/", "ws://localhost:1/", "ws://127.9.9.9/", "http://[::1]/"]
)
def test_a_key_may_go_where_nobody_reads_it(url):
    check_secrecy(url, ["Authorization"])


def test_what_is_no_key_may_go_in_the_open():
    check_secrecy("ws://h/?model=m", ["x-portkey-provider", "OpenAI-Beta"])


@pytest.mark.parametrize("host", ["1270.0.0.1", "127.0.0.1.nip.io", "local", "localhost.org"])
def test_a_key_does_not_go_to_a_host_that_only_looks_like_this_machine(host):
    with pytest.raises(InsecureURLError):
        check_secrecy(f"ws://{host}/", ["Authorization"])
