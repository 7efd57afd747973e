"""What is remembered about a service, and under which key."""

import json

import pytest

from edged.dial.service_facts import MOST_PLACE, ServiceFacts, place
from edged.wire import Dialect


@pytest.mark.parametrize("known", [ServiceFacts(), *map(ServiceFacts, Dialect)])
def test_what_is_known_outlives_json(known):
    assert ServiceFacts.from_json(json.loads(json.dumps(known.as_json()))) == known


@pytest.mark.parametrize(
    "facts", [None, [], "ga", 7, {}, {"dialect": "latin"}, {"dialect": ["ga"]}, {"dialect": None}]
)
def test_what_nobody_of_ours_wrote_says_nothing(facts):
    assert ServiceFacts.from_json(facts) == ServiceFacts()


def test_a_field_of_a_later_version_is_passed_over():
    assert ServiceFacts.from_json({"dialect": "beta", "moon": "full"}) == ServiceFacts(Dialect.BETA)


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("wss://h/v1/realtime?model=openai%2Fx", "wss://h:443/v1/realtime openai/x"),
        ("ws://127.0.0.1:8765/v1/realtime", "ws://127.0.0.1:8765/v1/realtime"),
        ("wss://H.example?api-version=1&deployment=d", "wss://h.example:443/ d"),
        ("wss://h/p?model=m&api_key=sk-secret&user=lobby", "wss://h:443/p m"),
        ("wss://name:sk-secret@h/p", "wss://h:443/p"),
    ],
)
def test_a_service_is_its_address_and_the_model_and_no_secret(url, where):
    assert place(url) == where


def test_services_are_told_apart():
    urls = [
        "wss://h/p?model=a",
        "wss://h/p?model=b",
        "wss://h/q?model=a",
        "wss://h:444/p?model=a",
        "ws://h/p?model=a",
    ]
    assert len({place(url) for url in urls}) == len(urls)


def test_a_long_address_is_cut():
    assert len(place("wss://h/" + "p" * 5000)) == MOST_PLACE
