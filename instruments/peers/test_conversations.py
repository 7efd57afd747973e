"""Other people's clients talk to the embedded service, directly and through the relay."""

import hashlib
import wave

import pytest

from edged.local import clips, voice
from edged.pcm import PCM16
from instruments.peers.company import CLIENTS, CONVERSATIONS, GUIDE, KEYED, TARGETS

pytestmark = pytest.mark.peers

MINTING = [client for client in CLIENTS if client.mints]
SESSIONS = ("session.created: session.", "session.updated: session.")
# Fields that no type of the SDK names, and that services send all the same.
KNOWN_STRAYS = {
    "ga": {said + name for said in SESSIONS for name in ("id", "object", "expires_at")},
    "beta": {said + name for said in SESSIONS for name in ("object", "expires_at")}
    | {
        f"response.done: response.usage.input_token_details.{name}"
        for name in ("image_tokens", "cached_tokens_details")
    },
}

each_client = pytest.mark.parametrize("client", CLIENTS, ids=str)
USUAL = [(client, target) for client in CLIENTS for target in client.targets]
# OpenAI's console as the guide sets it up: one relay for a service of either dialect. The SDK's types know no model
# whose name contains its maker, so they judge none of these messages.
CONSOLE = [(client, target) for client in CLIENTS if client.name == "beta-client-js" for target in GUIDE]


def unless_it_cannot(client, conversation):
    """Marks for a test of this conversation with this client."""
    return pytest.mark.skip(reason=client.cannot[conversation]) if conversation in client.cannot else ()


def each_pair(conversation):
    pairs = [
        pytest.param(client, target, marks=unless_it_cannot(client, conversation))
        for client, target in USUAL + CONSOLE
    ]
    return pytest.mark.parametrize(("client", "target"), pairs, ids=str)


each_pair_and_conversation = pytest.mark.parametrize(
    ("client", "target", "conversation"),
    [
        pytest.param(client, target, conversation, marks=unless_it_cannot(client, conversation))
        for client, target in USUAL
        for conversation in CONVERSATIONS
    ],
    ids=str,
)


def question():
    with wave.open(str(clips("question.wav"))) as file:
        return file.readframes(file.getnframes())


def digest(sound):
    return {"bytes": len(sound), "sha256": hashlib.sha256(sound).hexdigest()}


def names(seen):
    return [message["type"] for message in seen.messages]


def in_order(seen, *sought):
    """The events with these names, in the order of their arrival."""
    return [name for name in names(seen) if name in sought]


def billed(company, seen):
    return [row["status"] for row in company.ledger(seen).bill]


def check_types(company, seen, client):
    """Every message has the SDK's types for the client's dialect."""
    assert len(seen.messages) > 10
    verdicts = [company.judged(client.dialect, message) for message in seen.messages]
    assert [complaint for complaint, _ in verdicts if complaint] == []
    assert {stray for _, strays in verdicts for stray in strays} <= KNOWN_STRAYS[client.dialect]


@each_pair("text")
def test_a_written_message_gets_a_written_answer(company, client, target):
    seen = company.saw(client, target, "text")
    assert [(answer.status, answer.text) for answer in seen.answers] == [("completed", "Good morning.")]
    assert seen.answers[0].sound["bytes"] == 0
    assert billed(company, seen) == ["completed"]


@each_pair("push-to-talk")
def test_speech_during_a_press_arrives_complete_and_so_does_the_answer(company, client, target):
    seen = company.saw(client, target, "push-to-talk")
    assert seen.sent == digest(question())
    answer = voice.ListenVoice().answer(question())
    assert [(each.status, each.transcript, each.sound) for each in seen.answers] == [
        ("completed", answer.transcript, digest(answer.pcm))
    ]
    ledger = company.ledger(seen)
    assert [{"bytes": row["n_bytes"], "sha256": row["sha256"]} for row in ledger.audit] == [seen.sent]
    assert ledger.appended == seen.sent["bytes"] + ledger.cleared
    assert billed(company, seen) == ["completed"]


@each_pair("vad")
def test_the_service_detects_speech_and_answers_on_its_own(company, client, target):
    seen = company.saw(client, target, "vad")
    turn = [f"input_audio_buffer.{name}" for name in ("speech_started", "speech_stopped", "committed")]
    turn += ["response.created", "response.done"]
    assert in_order(seen, *turn) == turn
    (answer,) = seen.answers
    assert answer.status == "completed"
    assert answer.transcript.startswith("I listened for ")
    assert answer.sound["bytes"] > 0
    ledger = company.ledger(seen)
    (taken,) = ledger.audit
    assert 0.9 * seen.sent["bytes"] < taken["n_bytes"] <= ledger.appended
    assert ledger.appended == seen.sent["bytes"] + seen.notes.get("silence", PCM16.bytes_of(1000))


@each_pair("as-it-comes")
def test_the_service_understands_a_library_with_its_default_settings(company, client, target):
    seen = company.saw(client, target, "as-it-comes")
    assert seen.errors == []
    (answer,) = seen.answers
    assert answer.status == "completed"
    assert answer.transcript.startswith("I listened for ")
    assert answer.sound["bytes"] > 0
    ledger = company.ledger(seen)
    assert ledger.appended == seen.sent["bytes"]
    assert len(ledger.audit) == 1


@each_pair("interrupt")
def test_an_answer_is_cut_where_it_is_interrupted_and_the_next_one_is_whole(company, client, target):
    seen = company.saw(client, target, "interrupt")
    cut, next_one = seen.answers
    story = voice.long_speech(60)
    assert cut.status == "cancelled"
    assert cut.sound == digest(story.pcm[: cut.sound["bytes"]])
    assert 0 < cut.sound["bytes"] < len(story.pcm)
    assert story.transcript.startswith(cut.transcript or "no transcript")
    assert (next_one.status, next_one.transcript) == ("completed", "Good morning.")
    (truncated,) = seen.truncated
    assert 0 < truncated[1] < PCM16.ms_of(cut.sound["bytes"])
    assert truncated in company.ledger(seen).truncations
    assert billed(company, seen) == ["cancelled", "completed"]


@each_pair("tool")
def test_a_tool_is_called_and_its_result_answered(company, client, target):
    seen = company.saw(client, target, "tool")
    calling, answer = seen.answers
    assert [(call["name"], call["arguments"]) for call in calling.calls] == [
        ("get_weather", {"city": "Paris"})
    ]
    assert answer.text == "It is sunny in Paris."
    assert billed(company, seen) == ["completed", "completed"]


@each_pair("error")
def test_a_refusal_has_a_code_and_the_conversation_goes_on(company, client, target):
    seen = company.saw(client, target, "error")
    assert [error["code"] for error in seen.errors] == list(client.refusals)
    if client.own_ids:
        mine = [f"mine_{k + 1}" for k in range(len(client.refusals))]
        assert [error["event_id"] for error in seen.errors] == mine
        assert seen.errors[0]["param"] == "session.colour"
    refused, answer = seen.answers
    assert (refused.status, refused.error) == ("failed", "rate_limit_exceeded")
    assert (answer.status, answer.text) == ("completed", "Good morning.")
    assert billed(company, seen) == ["failed", "completed"]


@pytest.mark.parametrize("client", [client for client in CLIENTS if client.thorough], ids=str)
@pytest.mark.parametrize("target", TARGETS[:1])
def test_every_option_that_exists_is_accepted(company, client, target):
    seen = company.saw(client, target, "options")
    assert len(seen.notes) > 20
    assert {name: taken for name, taken in seen.notes.items() if taken != "taken"} == {}
    check_types(company, seen, client)


@each_pair_and_conversation
def test_every_message_has_the_types_of_its_dialect(company, client, conversation, target):
    check_types(company, company.saw(client, target, conversation), client)


@pytest.mark.parametrize("client", [client for client in CLIENTS if client.transcribes], ids=str)
@pytest.mark.parametrize("target", TARGETS[:1])
def test_a_session_that_only_transcribes_answers_nothing(company, client, target):
    seen = company.saw(client, target, "transcribe")
    assert [kind for _, kind in seen.notes["heard"]] == ["tokens", "tokens"]
    assert all(words for words, _ in seen.notes["heard"])
    assert [error["code"] for error in seen.errors] == ["invalid_value"]
    assert len(company.ledger(seen).audit) == 2
    assert billed(company, seen) == []
    check_types(company, seen, client)


# -- short-lived keys ------------------------------------------------------------------------------


@pytest.mark.parametrize("client", MINTING, ids=str)
@pytest.mark.parametrize("target", TARGETS[:1])
def test_a_session_begins_with_the_settings_its_key_was_made_with(company, client, target):
    seen = company.saw(client, target, "mint")
    minted = seen.notes["minted"]
    session = minted.get("session", minted)
    effective = seen.messages[0]["session"]
    own = {"id", "expires_at", "client_secret"}  # of the key, and of the session
    assert {name: session[name] for name in session.keys() - own} == {
        name: effective[name] for name in effective.keys() - own
    }
    assert [answer.status for answer in seen.answers] == ["completed"]


@pytest.mark.parametrize("client", [client for client in MINTING if "portkey" in client.name], ids=str)
@pytest.mark.parametrize("target", TARGETS[:1])
def test_all_twelve_options_of_a_session_come_back_as_they_were_asked_for(company, client, target):
    notes = company.saw(client, target, "mint").notes
    assert len(notes["asked"]) == 12
    for name, asked in notes["asked"].items():
        minted = notes["minted"][name]
        if isinstance(asked, dict):
            minted = {key: minted[key] for key in asked}
        assert minted == asked, name
    assert notes["minted"]["client_secret"]["value"]
    assert notes["minted"]["client_secret"]["expires_at"] > 0


@pytest.mark.parametrize("client", [client for client in MINTING if "portkey" in client.name], ids=str)
@pytest.mark.parametrize("target", TARGETS[:1])
def test_a_voice_that_does_not_exist_is_refused_with_its_name(company, client, target):
    kind, words = company.saw(client, target, "mint").notes["refused"]
    assert kind == "BadRequestError"
    assert "'nova'" in words
    assert "shimmer" in words


def test_the_programs_of_portkeys_page_run_as_they_stand_with_a_service_like_portkey(company):
    second, third = company.on_the_page()
    assert (second["voice"], second["temperature"], second["max_response_output_tokens"]) == (
        "nova",
        0.7,
        150,
    )
    assert (third["voice"], third["temperature"], third["max_response_output_tokens"]) == (
        "shimmer",
        0.3,
        100,
    )
    assert [tool["name"] for tool in third["tools"]] == ["pronunciation_feedback"]
    assert {session["model"] for session in (second, third)} == {"gpt-4-realtime-preview"}


@pytest.mark.parametrize("client", MINTING[:1], ids=str)
@pytest.mark.parametrize("target", TARGETS[:1])
def test_the_models_can_be_listed_and_looked_at(company, client, target):
    notes = company.saw(client, target, "mint").notes
    assert notes["model"] in notes["models"]
    assert notes["no model"] == "NotFoundError"


@each_client
@pytest.mark.parametrize("target", KEYED[:1])
def test_a_client_with_the_key_is_let_in_wherever_it_carries_the_key(company, client, target):
    for conversation in client.conversations_with(target):
        seen = company.saw(client, target, conversation)
        assert [answer.status for answer in seen.answers] == ["completed"]


@each_client
@pytest.mark.parametrize("target", KEYED[1:])
def test_a_client_with_another_key_is_refused_with_the_reason(company, client, target):
    for conversation in client.conversations_with(target):
        seen = company.tried(client, target, conversation)
        assert client.refused in seen.failure or "invalid_api_key" in seen.failure
        assert seen.answers == []


# -- whether the types notice faults -------------------------------------------------------------


@pytest.mark.parametrize(
    ("client", "other", "names_differ"),
    [
        (CLIENTS[0], "beta", {"conversation.item.added", "response.output_audio.delta"}),
        (CLIENTS[1], "ga", {"response.audio.delta", "response.audio_transcript.done"}),
    ],
    ids=["ga", "beta"],
)
@pytest.mark.parametrize("target", TARGETS[:1])
def test_the_types_refuse_the_other_dialects_names_and_shapes(company, client, target, other, names_differ):
    seen = company.saw(client, target, "push-to-talk")
    verdicts = [(message["type"], *company.judged(other, message)) for message in seen.messages]
    refused = {name for name, complaint, _ in verdicts if complaint}
    strange = {name for name, _, strays in verdicts if set(strays) - KNOWN_STRAYS[other]}
    assert names_differ <= refused
    assert {"session.created", "session.updated", "response.output_item.done"} <= refused | strange


@pytest.mark.parametrize("dialect", ["ga", "beta"])
def test_the_types_notice_a_field_that_is_missing_or_of_another_kind(company, dialect):
    spoken = {
        "type": "input_audio_buffer.speech_started",
        "event_id": "e",
        "item_id": "i",
        "audio_start_ms": 1,
    }
    assert company.judged(dialect, spoken) == (None, [])
    for wrong in ({"audio_start_ms": "1"}, {"audio_start_ms": None}, {"item_id": 7}):
        assert company.judged(dialect, spoken | wrong)[0]
    del spoken["item_id"]
    assert company.judged(dialect, spoken)[0]
