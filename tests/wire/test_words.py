"""Which of a service's words may be shown."""

import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edged import wire
from edged.errors import LinkError
from edged.wire import Part
from edged.wire.words import MOST_NAME, MOST_TEXT, Words

OURS = ["acme-voice-7", "zorg", "voice.acme.test", "Frau Holle"]
ITEM = Part("item_1", 0)


@pytest.fixture
def words():
    return Words(OURS, lambda text: text.replace("sk-secret", "********"))


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: sk-secret. You can find it at https://platform.openai.com/account/api-keys.",
        "The model `acme-voice-7` does not exist or you do not have access to it.",
        "The model `gpt-4o-realtime-preview-2024-12-17` has been deprecated.",
        "Invalid value: 'zorg'. Supported values are: 'alloy', 'ash', 'ballad', 'coral', 'echo', 'marin' and 'cedar'.",
        "Unknown parameter: 'session.audio.output.voice'.",
        "Missing required parameter: 'session.type'.",
        "the voice 'Frau Holle' is not available at voice.acme.test",
        "Invalid 'session.temperature': decimal above maximum value. Expected a value <= 1.2, but got 3 instead.",
        "Your session hit the maximum duration of 60 minutes.",
        "You exceeded your current quota, please check your plan and billing details.",
        "Rate limit reached on tokens per min (TPM): Limit 40000, Used 39000. Please try again in 1.5s.",
        "Conversation already has an active response in progress",
        "litellm.AuthenticationError: OpenAIException - the server had an error while processing your request",
        "Creating a session, committing audio, retrying, applied policies, denied; the limit is capped while stopping",
        "firewall of your country lacks a verified assistant: x-rate-limit, ga budget, ephemeral username, password",
        "nginx tried a regional fallback; management and pricing are unhealthy; propagating takes a medium cooldown",
        "voice=zorg, status=failed; max_tokens=4096 (model=acme-voice-7)",
        "voice is 'alloy', not 'zorg'; audio.input.format.rate is 16000, not 24000",
    ],
)
def test_what_an_operator_needs_is_there(words, text):
    assert words.filtered(text) == text.replace("sk-secret", "********")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Invalid value: 'my name is Bob'.", "Invalid value: '…'."),
        ('Content "is the shop open" was filtered', 'Content "…" was filtered'),
        ("I can't answer `how is the weather`", "… can't answer `…`"),
        ("filtered: “is it open” and «is it open» and „is it open“", "filtered: “…” and «…» and „…“"),
        ("Invalid value: 'it is cut of", "Invalid value: '…"),
        ("Content 'please don't close the account' was filtered", "Content '…' was filtered"),
        (
            "Content 'the users' account is closed' was filtered",
            "Content '…' account is closed' was filtered",
        ),
        ("Content 'it isn't', 'it is' was filtered", "Content '…' was filtered"),
        ("the account: 'please close it\\", "the account: '…"),
        ('the account: "please close it\\', 'the account: "…'),
        ("content b'close the account' or r\"close the account\"", "content '…' or \"…\""),
        ("content x'close the account' and Rb'it is'", "content '…' and '…'"),
        ("content ``close the account'' or ``it is`` here", "content ``…'' or ``…`` here"),
        (
            "content \u201aclose the account\u2018 or \u203aclose the account\u2039",
            "content \u201a…\u2018 or \u203a…\u2039",
        ),
        (
            "content \u2039close it\u203a \u300cclose the account\u300d \xbbclose it\xab",
            "content \u2039…\u203a \u300c…\u300d \xbb…\xab",
        ),
        ("content \u2018please don\u2019t close it\u2019 here", "content \u2018…\u2019 here"),
        ("filtered: my name is Bob and I live in Rome", "filtered: … name is … and … in …"),
        ("code: marmalade_umbrellas", "code: …"),
        ("failed: voice=marmalade, marmalade=on", "failed: voice=…=on"),
        ("singing, hopping, berries, thing", "…"),
        ("could not transcribe 'Bob'", "could not transcribe '…'"),
        ("call me at 0176 1234567 or 030-1234567.", "call … at … or …."),
        ("call 01761234567", "call …"),
        ("code 030/1234567 or 12,34,56,78 or 123 and 456 und 789.", "code … or … or …."),
        ("code zero one seven, two", "code …"),
        ("code one-two-three; failed one_two_three; failed 1 two and 3", "code …; failed …; failed …"),
        ("from 127.0.0.1 and version 1.2.3", "from 127.0.0.1 and version 1.2.3"),
        ("ich heiße Bob", "…"),
        ("我的名字是鲍勃", "…"),
        ("BobError: the server failed", "…: the server failed"),
        ("https://openai.com/bob?marmalade=1", "…"),
    ],
)
def test_what_a_visitor_may_have_said_is_not(words, text, shown):
    assert words.filtered(text) == shown


def test_nor_are_words_in_a_row_that_were_said_however_usual(words):
    assert words.filtered("Please try again later.") == "Please try again later."
    words.keep("Could you please try again later? My number is 4711.")
    assert words.filtered("Please try again later.") == "…."
    assert words.filtered("PLEASE_TRY_AGAIN with 4711 or 60") == "… with … or 60"
    assert (
        words.filtered("Please wait and try again.") == "Please wait and …."
        or words.filtered("Please wait") == "Please wait"
    )


@pytest.mark.parametrize(
    "number", ["47 11", "4-7-1-1", "4 7 1 1", "4.711", "4_7_1_1", "0 4711", "(47) 11", "47 - 11"]
)
def test_nor_does_a_number_that_was_said_however_it_is_set(words, number):
    assert words.filtered(f"code {number}, please") == f"code {number}, please"
    words.keep("My number is 4711 and that is all")
    assert not re.search(r"\d", words.filtered(f"code {number}, please"))
    assert not re.search(r"\d", words.unsaid(f"code {number}, please"))
    assert words.filtered("after 60 s, 429, 1.5 s") == "after 60 s, 429, 1.5 s"


def test_nor_does_one_that_was_said_in_groups(words):
    words.keep("it is 47 11 08 15")
    assert words.filtered("code 47110815 or 110815, at 24000") == "code … or …, at 24000"


def test_a_date_passes_unless_it_was_said(words):
    assert words.filtered("until 2031-05-17") == "until 2031-05-17"
    words.keep("born on 2031-05-17")
    assert words.filtered("until 2031-05-17 or 20310517") == "until … or …"


EVENTS = [
    wire.TranscriptionCompleted(ITEM, "is it open"),
    wire.TranscriptionDelta(ITEM, "is it open"),
    wire.TranscriptionSegment(ITEM, "is it open"),
    wire.AudioTranscriptDone("r", ITEM, 0, "is it open"),
    wire.AudioTranscriptDelta("r", ITEM, 0, "is it open"),
    wire.TextDone("r", ITEM, 0, "is it open"),
    wire.TextDelta("r", ITEM, 0, "is it open"),
    wire.ArgumentsDone("r", "item_1", 0, "c", "f", '{"question": "is it open"}'),
    wire.ArgumentsDelta("r", "item_1", 0, "c", '{"question": "is it open"}'),
    wire.PartDone("r", ITEM, 0, {"type": "audio", "transcript": "is it open"}),
    wire.ItemAdded({"id": "i", "content": [{"type": "input_text", "text": "is it open"}]}),
    wire.OutputItemDone("r", 0, {"id": "i", "arguments": "is it open"}),
    wire.ResponseDone("r", "completed", output=({"id": "i", "content": [{"transcript": "is it open"}]},)),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_what_was_said_is_known_from_any_event(words, event):
    words.hear(event)
    assert words.filtered("the error: is it open") == "the error: …"
    assert words.unsaid("KeyError: is it open") == "KeyError: …"


def test_a_word_that_comes_in_pieces_is_known_too(words):
    for delta in ("is i", "t op", "en"):
        words.hear(wire.AudioTranscriptDelta("r", ITEM, 0, delta))
    assert words.unsaid("x is it open y") == "x … y"


def test_what_is_kept_is_bounded_and_the_oldest_goes(words):
    words.keep("the first of all")
    for n in range(5000):
        words.hear(wire.TextDelta("r", Part(f"item_{n % 700}" * 50, 0), 0, f"and another {n} "))
    assert sum(map(len, words._recent.values())) <= 16_000
    assert words.unsaid("the first of all") == "the first of all"


def test_with_transcripts_asked_for_all_of_it_is_passed_on_but_for_secrets(words):
    words.transcripts = True
    words.keep("is it open")
    assert words.filtered("Bob with sk-secret said 'is it open'") == "Bob with ******** said 'is it open'"


@pytest.mark.parametrize("transcripts", [False, True])
@settings(max_examples=300)
@given(text=st.text(max_size=2000) | st.text(string.printable, max_size=2000))
def test_it_is_one_line_of_bounded_length_without_control_characters(transcripts, text):
    words = Words(OURS)
    words.transcripts = transcripts
    for limit, shown in ((MOST_TEXT, words.filtered(text)), (MOST_NAME, words.name(text))):
        assert len(shown) <= limit
        assert shown.isprintable()
        assert shown == " ".join(shown.split())


@pytest.mark.slow
@settings(max_examples=300)
@given(
    said=st.lists(st.sampled_from(["marmalade", "Zwiebel", "umbrellas", "Grüße", "鲍勃", "x9y"]), min_size=1),
    around=st.sampled_from(
        ["{}", "'{}'", '"{}"', "code: {}", "({})", "a_{}_b", "a.{}", "é{}", "-{}-", "`{}", "\u202e{}", "1{}"]
    ),
    joined=st.sampled_from([" ", "_", "-", "", "\n", "\u200b", ", "]),
    case=st.sampled_from([str, str.upper, str.lower, str.title]),
)
def test_no_word_that_is_not_of_the_vocabulary_passes(said, around, joined, case):
    shown = Words(OURS).filtered("the error " + around.format(case(joined.join(said))))
    assert not any(word.casefold() in shown.casefold() for word in said)


@pytest.mark.parametrize(
    "text", ["'" * 4000, '"\\' * 2000, "a'" * 2000, "1 " * 2000, "A" * 4000, "aB" * 2000, "x " * 50_000]
)
def test_no_text_takes_long(words, text):
    words.keep("is it open " * 300)
    assert len(words.filtered(text)) <= MOST_TEXT


def test_of_a_failure_only_what_the_far_end_said_is_judged(words):
    said = "e: my name is Bob"
    error = LinkError(f"closed by the service: 4001 {said}; see the Frobnicator", "link_closed", said=said)
    assert words.failure(error) == "closed by the service: 4001 … name is …; see the Frobnicator"
    assert words.failure(LinkError("a fault: e", "link_closed", said="e")) == "a fault: …"
    assert (
        words.failure(LinkError("no address for bob.example", "dns_failed")) == "no address for bob.example"
    )


def test_half_a_secret_is_never_left_by_a_cut():
    words = Words(redacted=lambda text: text.replace("sk-secret", "*"))
    words.transcripts = True
    for n in range(MOST_TEXT - 12, MOST_TEXT + 3):
        assert "sk-" not in words.filtered("a" * n + " sk-secret and more " * 500)
    assert "sk-" not in words.filtered("a " * 1996 + "sk-secret")
