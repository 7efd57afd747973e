"""Event names: one mapping between the dialects."""

import pytest

from edged.wire import ClientName, Dialect, ServerName, to_dialect, to_ga
from edged.wire.names import GA_ONLY

RENAMED = {
    "conversation.item.created": "conversation.item.added",
    "response.audio.delta": "response.output_audio.delta",
    "response.audio.done": "response.output_audio.done",
    "response.audio_transcript.delta": "response.output_audio_transcript.delta",
    "response.audio_transcript.done": "response.output_audio_transcript.done",
    "response.text.delta": "response.output_text.delta",
    "response.text.done": "response.output_text.done",
}


@pytest.mark.parametrize(("beta", "ga"), RENAMED.items())
def test_beta_and_ga_name_the_same_event(beta, ga):
    assert to_ga(beta) == ga
    assert to_dialect(ga, Dialect.BETA) == beta


@pytest.mark.parametrize("name", [*ServerName, *ClientName])
def test_ga_names_are_ga_already(name):
    assert to_ga(name) == name
    assert to_dialect(name, Dialect.GA) == name


@pytest.mark.parametrize("name", [*ServerName, *ClientName])
def test_a_name_comes_back_from_either_dialect(name):
    for dialect in Dialect:
        assert to_ga(to_dialect(name, dialect)) == name


def test_only_seven_names_differ():
    differing = {name for name in ServerName if to_dialect(name, Dialect.BETA) != name}
    assert differing == set(RENAMED.values())


def test_a_name_of_no_dialect_stays_as_it_is():
    assert to_ga("response.smell.delta") == "response.smell.delta"
    assert to_dialect("response.smell.delta", Dialect.BETA) == "response.smell.delta"


def test_beta_does_not_say_that_an_item_is_done():
    assert "conversation.item.done" in GA_ONLY


def test_what_one_dialect_has_alone():
    assert {
        "conversation.item.done",
        "conversation.item.input_audio_transcription.segment",
        "input_audio_buffer.timeout_triggered",
        "input_audio_buffer.dtmf_event_received",
        "mcp_list_tools.in_progress",
        "mcp_list_tools.completed",
        "mcp_list_tools.failed",
        "response.mcp_call_arguments.delta",
        "response.mcp_call_arguments.done",
        "response.mcp_call.in_progress",
        "response.mcp_call.completed",
        "response.mcp_call.failed",
    } == GA_ONLY
