"""Every event and field of the openai SDK's types is classified, and edged does with each what the table says."""

import json
import subprocess

import pytest

from instruments.foreign import demand
from instruments.peers import trials
from instruments.peers.classified import TABLE, read
from instruments.peers.company import HERE, PEERS, missing
from instruments.peers.trials import KNOWN, PASSED, REFUSED

pytestmark = pytest.mark.peers

CLASSIFIED = read(TABLE.read_text())
EVENTS = [group for group in CLASSIFIED if group.endswith(("client", "server"))]
FIELDS = [group for group in CLASSIFIED if group not in EVENTS]


@pytest.fixture(scope="session")
def surface():
    """The events and the fields of the SDK that is installed for the peers."""
    demand(missing())
    command = [PEERS / "bin" / "python", "-B", HERE / "clients" / "sdk_surface.py"]
    found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, timeout=60, check=True).stdout)
    found["fields"] = {group: dict(rows) for group, rows in found["fields"].items()}
    return found


def test_the_table_has_every_group(surface):
    assert {*surface["events"], *surface["fields"]} == set(CLASSIFIED)


@pytest.mark.parametrize("group", CLASSIFIED)
def test_every_name_is_classified_and_every_classified_name_exists(surface, group):
    exist = set(surface["events" if group in EVENTS else "fields"][group])
    assert exist - CLASSIFIED[group].keys() == set(), "new in the SDK: give each a row in classified.txt"
    assert CLASSIFIED[group].keys() - exist == set(), "gone from the SDK: remove these rows"


@pytest.mark.parametrize("group", CLASSIFIED)
def test_a_refusal_has_a_reason_and_nothing_else_has(group):
    for name, row in CLASSIFIED[group].items():
        assert bool(row.reason) == (row.verdict == REFUSED), name


@pytest.mark.parametrize("group", EVENTS)
def test_edged_does_with_each_event_what_the_table_says(surface, group):
    does = trials.of_client if group.endswith("client") else trials.of_server
    done = {name: does(group, message) for name, message in surface["events"][group].items()}
    assert done == {name: row.verdict for name, row in CLASSIFIED[group].items()}


@pytest.mark.parametrize("group", FIELDS)
def test_edged_does_with_each_field_what_the_table_says(surface, group):
    done = {path: trials.of_field(group, path, value) for path, value in surface["fields"][group].items()}
    assert done == {path: row.verdict for path, row in CLASSIFIED[group].items()}


# -- whether the trials notice faults --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("group", "path", "value", "verdict"),
    [
        ("ga session", "colour", {"type": "realtime", "colour": "red"}, REFUSED),
        ("ga session", "instructions", {"type": "realtime", "instructions": "x"}, KNOWN),
        (
            "ga session",
            "tracing.workflow_name",
            {"type": "realtime", "tracing": {"workflow_name": "x"}},
            PASSED,
        ),
        ("beta session", "audio", {"audio": {}}, REFUSED),
        ("beta response", "voice", {"voice": "alloy"}, KNOWN),
        ("ga item", "[function_call].mood", {"type": "function_call", "arguments": "{}", "mood": 1}, REFUSED),
        ("beta secret", "colour", {"colour": "red"}, REFUSED),
        ("ga session reported", "colour", {"type": "realtime", "colour": "red"}, PASSED),
        ("ga session reported", "instructions", {"type": "realtime", "instructions": "x"}, KNOWN),
    ],
)
def test_a_trial_tells_the_verdicts_apart(group, path, value, verdict):
    assert trials.of_field(group, path, value) == verdict


@pytest.mark.parametrize(
    ("group", "message", "verdict"),
    [
        ("ga client", {"type": "response.sing"}, REFUSED),
        ("ga client", {"type": "transcription_session.update", "session": {}}, REFUSED),
        ("beta client", {"type": "transcription_session.update", "session": {}}, KNOWN),
    ],
)
def test_a_trial_tells_events_apart(group, message, verdict):
    assert trials.of_client(group, message) == verdict


def test_an_event_that_nobody_knows_is_passed_on():
    assert trials.of_server("ga server", {"type": "song.started", "event_id": "e"}) == PASSED


@pytest.mark.parametrize("text", ["known x", "[a]\nperhaps x", "[a]\nknown x\nrefused x  # y"])
def test_a_table_with_a_bad_line_is_no_table(text):
    with pytest.raises(ValueError, match="line"):
        read(text)
