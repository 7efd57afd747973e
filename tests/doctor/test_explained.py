"""What the doctor adds to a failure of the line: the remedy fits the address, the proxy and the name."""

import pytest

from edged.doctor import connection, names
from edged.doctor.connection import Why


@pytest.mark.parametrize(
    ("why", "text", "remedy"),
    [
        (
            Why("x", by_proxy=True),
            "x (by way of `provider.proxy`)",
            "`provider.proxy` has the right host and port",
        ),
        (Why("x", speaks="no tls"), "x; it takes connections, but does not answer with TLS", "write ws://"),
        (Why("x", speaks="tls", is_secure=False), "x; it answers with TLS", "Write wss://"),
        (Why("x", speaks="tls"), "x", "Check `provider.url`, the firewall"),
        (Why("x", speaks="no tls", is_secure=False), "x", "Check `provider.url`, the firewall"),
        (
            Why("x", proxy_variable="HTTPS_PROXY"),
            "x; HTTPS_PROXY is set, but edged uses",
            "Check `provider.url`",
        ),
    ],
)
def test_the_remedy_fits_what_answers(why, text, remedy):
    found = connection.explained(connection.CHECK.found("unreachable", "x"), why)
    assert found.text.startswith(text)
    assert remedy in found.remedy


def test_a_name_that_does_not_exist_is_misspelt():
    found = names.CHECK.found(
        "dns_failed", "cannot look up api.opnai.com: [Errno -2] Name or service not known"
    )
    assert "spelling in `provider.url`" in names.explained(found, by_proxy=False).remedy
    assert "spelling in `provider.proxy`" in names.explained(found, by_proxy=True).remedy


def test_a_name_server_that_does_not_answer_is_not_the_fault_of_the_name():
    found = names.CHECK.found(
        "dns_failed", "cannot look up x: [Errno -3] Temporary failure in name resolution"
    )
    assert names.explained(found, by_proxy=False) is found
