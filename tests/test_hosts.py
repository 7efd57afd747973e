"""Which hosts are this machine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.hosts import is_loopback


@pytest.mark.parametrize("host", ["localhost", "LocalHost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"])
def test_this_machine(host):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "local",
        "localhost.org",
        "localhost:80",
        "kiosk.localhost",
        "1270.0.0.1",
        "127.0.0.1.nip.io",
        "127.0.0.256",
        "127.1",
        "0.0.0.0",
        "::",
        "[::2]",
        "[[::1]]",
        "192.168.1.10",
    ],
)
def test_what_only_looks_like_it_is_somebody_else(host):
    assert not is_loopback(host)


@given(st.text())
def test_no_name_is_too_odd(host):
    is_loopback(host)
