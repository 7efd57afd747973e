"""The order in which names are tried, and what an error says about them."""

import pytest

from edged.audio.devices.ladder import TriedNames, climb, forms
from edged.errors import DeviceError


class Cards:
    """Opens some names and refuses the others, each with its cause."""

    def __init__(self, **refused):
        self.refused, self.asked = refused, []

    def __call__(self, name):
        self.asked.append(name.partition(":")[0])
        if cause := self.refused.get(self.asked[-1]):
            raise DeviceError(f"{name!r} fails", cause)
        return name


@pytest.mark.parametrize(
    ("what", "refused", "asked"),
    [
        ("speaker", {}, ["hw"]),
        ("speaker", {"hw": "device_unfit"}, ["hw", "hdmi"]),
        ("speaker", {"hw": "device_unfit", "hdmi": "speaker_lost"}, ["hw", "hdmi", "plughw"]),
        ("speaker", {"hw": "device_busy"}, ["hw", "dmix"]),
        ("microphone", {"hw": "device_busy"}, ["hw", "dsnoop"]),
        ("microphone", {"hw": "device_unfit"}, ["hw", "plughw"]),
        ("speaker", {"hw": "device_busy", "dmix": "speaker_lost"}, ["hw", "dmix", "sysdefault"]),
        ("speaker", {"hw": "device_denied"}, ["hw", "next"]),
        ("speaker", {"hw": "speaker_lost"}, ["hw", "next"]),
    ],
)
def test_only_what_can_help_is_tried(what, refused, asked):
    cards = Cards(**refused)
    climb(what, ["hw:CARD=vc4hdmi0,DEV=0", "next"], cards, is_hdmi=lambda name: "hdmi" in name)
    assert cards.asked == asked


@pytest.mark.parametrize("name", ["default", "pulse", "kiosk", "hw", "surround51:CARD=PCH,DEV=0"])
def test_a_name_that_is_no_device_of_a_card_stands_alone(name):
    assert [each.name for each in forms("speaker", name)] == [name]


def test_the_second_device_of_a_card_has_no_name_by_which_only_the_first_is_known():
    assert not any(each.name.startswith("sysdefault") for each in forms("speaker", "hw:CARD=PCH,DEV=3"))


def test_the_first_decides_the_cause_and_all_are_named():
    cards = Cards(hw="device_busy", dmix="speaker_lost", sysdefault="speaker_lost", other="device_denied")
    with pytest.raises(DeviceError) as caught:
        climb("speaker", ["hw:CARD=USB", "other"], cards)
    assert caught.value.cause == "device_busy"
    assert str(caught.value) == (
        "'hw:CARD=USB' fails; then edged tried: 'dmix:CARD=USB,DEV=0' fails;"
        " 'sysdefault:CARD=USB' fails; 'other' fails"
    )


def test_nothing_more_is_tried_when_it_is_late():
    cards = Cards(first="speaker_lost")
    with pytest.raises(DeviceError, match="'first' fails"):
        climb("speaker", ["first", "second"], cards, late=lambda: True)
    assert cards.asked == ["first"]


def test_a_driver_that_uses_up_the_time_does_not_keep_the_next_name_from_its_turn():
    cards, tries = Cards(first="speaker_lost", second="speaker_lost"), TriedNames()
    for asked in (["first"], ["first", "second"]):
        with pytest.raises(DeviceError, match="'first' fails"):
            climb("speaker", ["first", "second", "third"], cards, late=lambda: True, tries=tries)
        assert cards.asked == asked
    choice = climb("speaker", ["first", "second", "third"], cards, late=lambda: True, tries=tries)
    assert cards.asked == ["first", "second", "third"]
    assert choice.device == "third"
    assert [name for name, _ in choice.tried] == ["first", "second"]
    assert tries.slow == {}


def test_a_slow_form_of_a_card_does_not_keep_the_others_from_their_turn():
    cards, tries = Cards(hw="device_unfit"), TriedNames()
    with pytest.raises(DeviceError):
        climb("speaker", ["hw:CARD=USB"], cards, late=lambda: True, tries=tries)
    assert climb("speaker", ["hw:CARD=USB"], cards, late=lambda: True, tries=tries).device.startswith(
        "plughw:"
    )
    assert cards.asked == ["hw", "plughw"]


def test_after_all_were_slow_it_begins_again():
    cards, tries = Cards(first="speaker_lost", second="speaker_lost"), TriedNames()
    for _ in range(6):
        with pytest.raises(DeviceError):
            climb("speaker", ["first", "second"], cards, late=lambda: True, tries=tries)
    assert cards.asked == ["first", "second"] * 3


def test_what_has_hung_is_left_out_and_named_and_decides_the_cause_if_it_was_wanted_first():
    cards, tries = Cards(second="speaker_lost"), TriedNames(lambda: frozenset({"first"}))
    with pytest.raises(
        DeviceError, match=r"'first' is left out: it has not answered; then .* 'second' fails"
    ) as caught:
        climb("speaker", ["first", "second"], cards, tries=tries)
    assert caught.value.cause == "device_hung"
    assert cards.asked == ["second"]
    assert climb("speaker", ["first", "third"], cards, tries=tries).device == "third"


def test_somebody_who_waits_learns_what_is_tried_and_whether_there_is_more():
    tries, seen = TriedNames(lambda: frozenset({"third"})), []

    def look(name):
        seen.append((tries.trying, tries.others))
        raise DeviceError(f"{name!r} fails", "speaker_lost")

    with pytest.raises(DeviceError):
        climb("speaker", ["first", "second", "third"], look, tries=tries)
    assert seen == [("first", True), ("second", False)]


def test_a_name_that_failed_after_it_had_opened_comes_after_the_others_and_the_answer_says_so():
    cards, tries = Cards(third="speaker_lost"), TriedNames(behind=lambda: {"first": "it failed"})
    choice = climb("speaker", ["first", "second", "third"], cards, tries=tries)
    assert choice.device == "second"
    assert choice.tried == (("first", "speaker 'first' comes after the others for a while: it failed"),)
    assert tries.passed == {"first"}


def test_names_that_failed_are_tried_in_their_own_order_if_nothing_else_opens():
    cards = Cards(third="speaker_lost")
    tries = TriedNames(behind=lambda: {"second": "it failed", "first": "it failed"})
    choice = climb("speaker", ["first", "second", "third"], cards, tries=tries)
    assert (choice.device, [name for name, _ in choice.tried]) == ("second", ["third"])
    assert tries.passed == frozenset()


def test_the_first_name_decides_the_cause_also_while_it_comes_last():
    cards = Cards(first="speaker_lost", second="device_busy")
    with pytest.raises(DeviceError) as caught:
        climb("speaker", ["first", "second"], cards, tries=TriedNames(behind=lambda: {"first": "no"}))
    assert caught.value.cause == "speaker_lost"
