"""Certificates as openssl makes them, and bytes that are none."""

import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.doctor.x509 import read
from tests.dial.authority import authority  # noqa: F401 a fixture


def test_issuer_and_hosts_are_read(authority):  # noqa: F811
    pem = authority.issue("DNS:voice.example,DNS:*.voice.example,IP:127.0.0.1").read_text()
    der = ssl.PEM_cert_to_DER_cert(pem[: pem.index("-----END CERTIFICATE-----") + 25] + "\n")
    found = read(der)
    assert found.issuer == "Test authority"
    assert found.names == ("voice.example", "*.voice.example", "127.0.0.1")


def test_without_alternative_names_the_subject_counts(authority):  # noqa: F811
    der = ssl.PEM_cert_to_DER_cert(authority.file.read_text())
    assert read(der) == ("Test authority", ("Test authority",))


@given(st.binary(max_size=200))
def test_bytes_that_are_no_certificate_break_nothing(data):
    assert isinstance(read(data).issuer, str)


@pytest.mark.parametrize("cut", range(0, 500, 7))
def test_a_certificate_that_is_cut_breaks_nothing(authority, cut):  # noqa: F811
    der = ssl.PEM_cert_to_DER_cert(authority.file.read_text())
    assert isinstance(read(der[:cut]).names, tuple)
