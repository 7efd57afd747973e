"""A name means one card or is refused: over starts in every order, ports, serial numbers, and cards that are away."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.audio.devices.kernel_ids import bare, made_from
from edged.audio.devices.name_memory import NameMemory
from edged.audio.devices.names import among, best_name, meant, resolve
from edged.audio.devices.present import Card
from edged.errors import DeviceError
from edged.spelling import fault
from tests.audio.devices.cards.rig import kernel_id
from tests.audio.devices.cards.table import ROWS

# Names that are a part of others, that end alike, or that are another card's id.
MAKES = (
    "USB PnP Sound Device",
    "USB Audio Device",
    "USB Audio",
    "Jabra SPEAK 510 USB",
    "Mic",
    "HD-Audio Generic",
)
CONTROLLERS = ("xhci-hcd.0", "xhci-hcd.1")
# Ids that a rule of udev or the options of the driver give. They may look like the kernel's, or be another's name.
GIVEN = ("", "", "", "", "", "Mic", "Mic_1", "mic", "Device", "Desk")


@st.composite
def kiosks(draw):
    """Two to four cards: make, serial number, controller and port, what it can do, id of udev and of the options."""
    places = draw(
        st.lists(
            st.tuples(st.sampled_from(CONTROLLERS), st.sampled_from(("1.2", "1.3"))),
            min_size=2,
            max_size=4,
            unique=True,
        )
    )
    makes = [draw(st.sampled_from(MAKES)) for _ in places]
    options = draw(st.sampled_from(((), (), ("Mic",), ("Mic", "Desk"))))
    # A rule of udev is for one card, and its id is none that another card may have.
    taken = {each.casefold() for each in (*map(made_from, makes), *options)}
    given = draw(st.permutations([each for each in GIVEN if bare(each).casefold() not in taken]))
    return [
        (
            make,
            draw(st.sampled_from(("", "", "A", "B"))),
            *place,
            draw(st.sampled_from((((0,), (0,)), ((0,), (0,)), ((0, 1), ()), ((), (0,))))),
            of_udev,
            options,
        )
        for make, place, of_udev in zip(makes, places, given, strict=False)
    ]


def started(kiosk, order, buses, *, by_udev=True):
    """The cards after a start in this order, as the kernel describes them. `buses`: the controllers in their order.

    `by_udev`: whether the rules of udev have run.
    """
    found = []
    for number, at in enumerate(order):
        make, serial, controller, port, (microphones, speakers), of_udev, options = kiosk[at]
        onboard = make.startswith("HD-Audio")
        ids = [card.id for card in found]
        slots = () if onboard else options
        base = slots[number] if number < len(slots) else make
        made = kernel_id(base, ids)
        if by_udev and of_udev and of_udev not in ids:
            made = of_udev
        usb = "" if onboard else f"08bb:{2900 + MAKES.index(make)}:{serial}"
        bus = 1 + 2 * buses.index(controller)
        path = f"pci-0000:{controller[-1]}:{port}" if onboard else f"usb-{controller}-{port}"
        where = "" if onboard else f"{bus}-{port}"
        label = "" if onboard else f"usb-Maker_{'_'.join(make.split())}{serial and '_' + serial}-00"
        found.append(
            Card(number, made, make, usb, where, microphones, speakers, "", path, label, may_be=slots)
        )
    return found


def spellings(card, number):
    """Everything that people write for this card."""
    vendor = ":".join(card.usb.split(":")[:2])
    names = [
        card.id,
        card.id.lower(),
        made_from(card.name),
        f"hw:CARD={card.id},DEV=0",
        f"plughw:{card.id},0",
        f"sysdefault:CARD={card.id}",
        f"plug:'hw:{card.id}'",
        card.name,
        card.name.lower(),
        card.name[4:8],
        f"*{card.name[4:8]}*",
        f"{card.id}*",
        f"{card.id} [{card.name}]",
        f"card {number}: {card.id} [{card.name}], device 0: USB Audio [USB Audio]",
        f"{card.name}: USB Audio (hw:{number},0)",
        f"{card.name}, USB Audio",
        f"{card.name} Analog Stereo",
        f"port:{card.path}",
        card.path,
        str(number),
        f"hw:{number},0",
        f"plughw:CARD={number}",
        f"card{number}",
        best_name("microphone", card, [card]),
    ]
    if card.usb:
        names += [
            f"usb:{vendor}",
            vendor,
            f"Bus 001 Device 004: ID {vendor} Maker",
            f"usb:{card.usb}".rstrip(":"),
            f"port:{card.port}",
            f"alsa_input.{card.label}.analog-stereo",
            f"/dev/snd/by-id/{card.label}",
        ]
    return [name for name in names if name.strip()]


def opened(wanted, present, memory, what="microphone"):
    """The place of the card that is opened; None: it is refused or not found."""
    try:
        (name,) = resolve(what, [wanted], present, lambda _: False, memory)
    except DeviceError:
        return None
    memory.opened(what, name)
    card_id = name.split("CARD=")[1].split(",")[0]
    (card,) = [each for each in present if each.id == card_id]
    return card.path


def restarted(wanted, memory):
    """The memory after a restart of edged."""
    later = NameMemory([wanted])
    assert later.recall(json.loads(json.dumps(memory.facts())))
    return later


def starts(data, kiosk):
    """A start with some of the cards in any order, while the rules of udev have run or not."""
    everything = range(len(kiosk))
    there = data.draw(st.lists(st.sampled_from(everything), unique=True, min_size=1))
    return started(kiosk, there, data.draw(st.permutations(CONTROLLERS)), by_udev=data.draw(st.booleans()))


@given(st.data())
def test_a_name_never_means_another_card_than_the_one_it_was_written_for(data):
    """It is written while all cards are there. Later starts happen in any order, without some of them."""
    kiosk = data.draw(kiosks())
    order = data.draw(st.permutations(range(len(kiosk))))
    first = started(kiosk, order, data.draw(st.permutations(CONTROLLERS)))
    written_for = data.draw(st.sampled_from(first))
    wanted = data.draw(st.sampled_from(spellings(written_for, written_for.number)))
    what = data.draw(st.sampled_from(("microphone", "speaker")))
    memory = NameMemory()
    meant_first = opened(wanted, first, memory, what)
    for _ in range(2):
        later = starts(data, kiosk)
        if meant_first is not None:  # even without a memory
            assert opened(wanted, later, NameMemory(), what) in (meant_first, None)
        elif wanted in memory:
            memory = restarted(wanted, memory)
            assert opened(wanted, later, memory, what) is None


@given(st.data())
def test_a_name_that_opens_another_card_than_before_says_so(data):
    """It is written while only some of the cards are there, so nobody can know what it may mean later."""
    kiosk = data.draw(kiosks())
    wanted = data.draw(
        st.sampled_from(spellings(card := data.draw(st.sampled_from(starts(data, kiosk))), card.number))
    )
    memory, last, ambiguous = NameMemory([wanted]), None, False
    for _ in range(4):
        memory = restarted(wanted, memory)
        place = opened(wanted, starts(data, kiosk), memory)
        said = memory.news()
        if place is not None:
            if last not in (place, None):
                assert not ambiguous
                assert place in said
                assert last in said
            last = place
        ambiguous = wanted in memory


@given(st.data())
def test_the_name_that_an_error_recommends_is_kept_by_every_start(data):
    kiosk = data.draw(kiosks())
    buses = st.permutations(CONTROLLERS)
    first = started(kiosk, range(len(kiosk)), data.draw(buses))
    for card in first:
        if not card.microphones:
            continue
        name = best_name("microphone", card, first)
        assert not fault(name)
        order = data.draw(st.permutations(range(len(kiosk))))
        assert opened(name, started(kiosk, order, data.draw(buses)), NameMemory()) == card.path


@given(st.data())
def test_portaudio_opens_the_same_card_or_none(data):
    kiosk = data.draw(kiosks())
    present = starts(data, kiosk)
    card = data.draw(st.sampled_from(present))
    wanted = data.draw(st.sampled_from(spellings(card, card.number)))
    rows = [f"{each.name}: USB Audio (hw:{each.number},0)" for each in present if each.microphones]
    try:
        found = among("microphone", [wanted], [*rows, "default"], present)
    except DeviceError:
        found = []
    place = opened(wanted, present, NameMemory())
    places = [each.path for each in present for row in found if f"(hw:{each.number}," in row]
    assert places == ([] if place is None else [place])


def two(ports=("1.2", "1.3"), serials=("", "")):
    both = ((0,), (0,))
    return [
        (MAKES[0], serial, CONTROLLERS[0], port, both, "", ())
        for port, serial in zip(ports, serials, strict=True)
    ]


@pytest.mark.parametrize("there", [(0, 1), (1, 0)])
@pytest.mark.parametrize("wanted", ["Device", "Device_1", "usb:08bb:2900", "USB PnP Sound Device", "Dev"])
def test_of_two_alike_neither_is_guessed_while_one_is_unplugged_also_after_a_restart(there, wanted):
    both, memory = started(two(), there, CONTROLLERS), NameMemory()
    assert opened(wanted, both, memory) is None
    for each in both:
        assert opened(wanted, [each], memory) is None
    for at in (0, 1):
        memory = restarted(wanted, memory)
        (alone,) = started(two(), [at], CONTROLLERS)
        with pytest.raises(DeviceError, match=r"has fitted more|may mean|cannot find") as caught:
            resolve("microphone", [wanted], [alone], lambda _: False, memory)
        if caught.value.cause == "device_ambiguous":
            assert f"port:usb-xhci-hcd.0-{'1.3' if at == 0 else '1.2'}" in str(caught.value)
            assert "which is not plugged in now" in str(caught.value)


def test_a_serial_number_that_all_of_a_make_have_tells_nothing():
    memory = NameMemory(["usb:08bb:2900:0"])
    both = started(two(serials=("0", "0")), [0, 1], CONTROLLERS)
    assert opened("usb:08bb:2900:0", both, memory) is None
    for at in (0, 1):
        alone = started(two(serials=("0", "0")), [at], CONTROLLERS)
        assert opened("usb:08bb:2900:0", alone, memory) is None


def test_an_id_is_uncertain_while_a_rule_of_udev_has_not_run_for_the_other_card():
    """Until then, the card that the rule renames has the id of the kernel."""
    renamed = Card(1, "Desk", "USB PnP Sound Device", "0d8c:013c:", "1-1.2", (0,), path="usb-x-1.2")
    other = Card(2, "Device", "USB Audio Device", "1b3f:2008:", "1-1.3", (0,), path="usb-x-1.3")
    for wanted in ("Device", "hw:CARD=Device"):
        with pytest.raises(DeviceError, match="fits more than one card"):
            resolve("microphone", [wanted], [renamed, other], lambda _: False)
    assert meant("microphone", "hw:CARD=Desk", [renamed, other]) == [renamed]


def test_an_id_of_the_drivers_options_is_certain_only_if_one_card_can_get_it():
    cards = [
        Card(at, made, make, f"0d8c:{at:04}:", f"1-1.{at}", (0,), path=f"usb-x-1.{at}", may_be=("Mic",))
        for at, made, make in ((1, "Mic", "USB PnP Sound Device"), (2, "Audio", "USB Audio"))
    ]
    for wanted in ("Mic", "hw:CARD=Mic"):
        with pytest.raises(DeviceError, match="fits more than one card"):
            resolve("microphone", [wanted], cards, lambda _: False)
        assert meant("microphone", wanted, cards[:1]) == cards[:1]


def test_the_card_that_a_name_opened_before_a_second_one_came_is_still_meant_after_that_one_has_gone():
    """Somebody has plugged in a spare card for a moment."""
    memory = NameMemory(["Device"])
    (first,) = started(two(), [0], CONTROLLERS)
    assert opened("Device", [first], memory) == first.path
    memory = restarted("Device", memory)
    assert opened("Device", started(two(), [1, 0], CONTROLLERS), memory) is None
    memory = restarted("Device", memory)
    assert opened("Device", started(two(), [1], CONTROLLERS), memory) is None
    assert opened("Device", started(two(), [0], CONTROLLERS), memory) == first.path
    assert memory.news() == ""


@pytest.mark.parametrize("serials", [("", ""), ("A", "B"), ("", "B"), ("1", "1")])
def test_a_card_that_replaces_a_broken_one_is_opened_and_named(serials):
    memory = NameMemory(["Device"])
    (old,), (new,) = (started(two(serials=serials), [at], CONTROLLERS) for at in (0, 1))
    assert opened("Device", [old], memory) == old.path
    assert memory.news() == ""
    memory = restarted("Device", memory)
    assert opened("Device", [new], memory) == new.path
    assert f"'Device' is now {new} at {new.path}; before, it was {old} at {old.path}" in memory.news()
    assert opened("Device", [new], memory) == new.path
    assert memory.news() == ""


def test_a_card_with_its_own_serial_number_is_known_in_another_port():
    memory = NameMemory(["Dev"])
    both = started(two(serials=("A", "B")), [0, 1], CONTROLLERS)
    assert opened("Dev", both, memory) is None
    moved = [started(two(("1.1", "1.4"), ("A", "B")), [at], CONTROLLERS)[0] for at in (0, 1)]
    memory = restarted("Dev", memory)
    with pytest.raises(DeviceError, match=r"write 'usb:08bb:2900:A' for .* or 'usb:08bb:2900:B' for"):
        resolve("microphone", ["Dev"], moved[:1], lambda _: False, memory)
    with pytest.raises(DeviceError, match="fits more than one card"):
        resolve("microphone", ["Dev"], moved, lambda _: False, memory)


@pytest.mark.parametrize(
    "facts",
    [
        [],
        None,
        {"Device": None},
        {"Device": {}},
        {"Device": {"together": 3, "opened": None}},
        {"Device": {"together": [{}], "opened": None}},
        {"Device": {"together": [], "opened": {"id": "x"}}},
        {"Device": {"together": [], "opened": "x"}},
    ],
)
def test_what_cannot_be_read_is_reported_and_taken_for_nothing(facts):
    memory = NameMemory(["Device"])
    assert not memory.recall(facts)
    assert memory.facts() == {}


def test_a_memory_stays_small_and_forgets_names_that_are_not_configured():
    memory = NameMemory()
    for at in range(20):
        places = [(MAKES[0], "", CONTROLLERS[0], f"{at}.{port}", ((0,), ()), "", ()) for port in (1, 2)]
        assert opened("Device", started(places, [0, 1], CONTROLLERS), memory) is None
    assert opened(
        "Jabra", started([(MAKES[3], "", CONTROLLERS[0], "1", ((0,), ()), "", ())], [0], CONTROLLERS), memory
    )
    assert len(json.dumps(memory.facts())) < 4000
    later = NameMemory(["Jabra", "other"])
    assert later.recall(memory.facts())
    assert list(later.facts()) == ["Jabra"]


def test_the_suffix_alone_shows_that_another_card_is_missing():
    _, left = started(two(), (0, 1), CONTROLLERS)
    assert left.id == "Device_1"
    for wanted in ("Device", "Device_1"):
        assert len(meant("microphone", wanted, [left])) == 2


def test_two_cards_on_the_board_are_told_apart_by_their_places():
    """Their ids were seen to change places at a restart."""
    cards = [
        Card(at, made, "HD-Audio Generic", speakers=(at,), path=f"pci-0000:04:00.{at}")
        for at, made in ((1, "Generic"), (6, "Generic_1"))
    ]
    for wanted in ("Generic", "Generic_1", "HD-Audio Generic", "hw:CARD=Generic"):
        with pytest.raises(
            DeviceError, match=r"write 'port:pci-0000:04:00.1' for .*'port:pci-0000:04:00.6' for"
        ):
            resolve("speaker", [wanted], cards, lambda _: False)
    for wanted in ("port:pci-0000:04:00.6", "alsa_output.pci-0000_04_00.6.analog-stereo"):
        assert meant("speaker", wanted, cards) == cards[1:]


def test_a_second_card_with_the_name_of_the_first_ones_id_is_not_taken_for_it():
    first = Card(1, "Mic", "USB PnP Sound Device", "0d8c:013c:", "1-1.2", (0,), (0,), path="usb-x-1.2")
    second = Card(2, "Mic_1", "Mic", "0c76:161f:", "1-1.3", (0,), path="usb-x-1.3")
    for wanted in ("Mic", "hw:CARD=Mic", "Mic_1"):
        with pytest.raises(DeviceError, match=r"'usb:0d8c:013c' for Mic .*'usb:0c76:161f' for Mic_1"):
            resolve("microphone", [wanted], [first, second], lambda _: False)


def test_an_id_that_alsa_would_take_for_a_number_or_that_is_not_text_is_not_given_to_it():
    odd = [
        Card(3, "7", "Desk", "0d8c:0001:", "1-1.2", (0,)),
        Card(4, "\ufffd\ufffd", "麦克风", "0d8c:0002:", "1-1.3", (0,)),
    ]
    for wanted, number in (("usb:0d8c:0001", 3), ("麦克风", 4), ("克风", 4)):
        assert resolve("microphone", [wanted], odd, lambda _: False) == [f"hw:CARD={number},DEV=0"]


def test_a_card_within_a_device_of_alsa_must_be_certain_too():
    both = started(two(), (0, 1), CONTROLLERS)
    for wanted in ("plug:'dmix:CARD=Device'", "plug:SLAVE='hw:Device_1'", "upmix:CARD=Device"):
        with pytest.raises(DeviceError, match="fits more than one card"):
            resolve("speaker", [wanted], both, lambda _: True)
    (one,) = started(two(), [0], CONTROLLERS)
    assert resolve("speaker", ["plug:SLAVE='hw:Device'"], [one], lambda _: True) == ["plug:SLAVE='hw:Device'"]


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("USB PnP Sound Device", "Device"),
        ("ReSpeaker 4 Mic Array (UAC1.0)", "ArrayUAC10"),
        ("USB Camera-B4.09.24.1", "CameraB409241"),
        ("snd_rpi_googlevoicehat_soundcar", "sndrpigooglevoi"),
        ("USB Audio CODEC ", "CODEC"),
        ("bcm2835 HDMI 1", "b1"),
        ("1 2", "D2"),
        ("麦克风", "Default"),
        ("USB card", "Default"),
    ],
)
def test_the_kernels_way_to_an_id(name, made):
    assert made_from(name) == made


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.spec.usb])
def test_each_spelling_of_a_card_that_is_alone_finds_it(name):
    spec = ROWS[name].spec
    card = Card(
        1,
        spec.id or kernel_id(spec.name, ()),
        spec.name.strip(),
        ":".join(spec.usb),
        "1-1.2",
        (0,),
        (0,),
        "USB-Audio",
        "usb-3f980000.usb-1.2",
    )
    for wanted in (
        card.id,
        card.id.upper(),
        f"  {spec.name} ",
        spec.name.upper(),
        f"[{spec.name}]",
        f"{card.id} [{spec.name}]",
        f"card 3: {card.id} [{spec.name}], device 0: USB Audio [USB Audio]",
        f" 3 [{card.id:15}]: USB-Audio - {spec.name}",
        f"{spec.name}: USB Audio (hw:3,0)",
        f"{spec.name}: - (hw:3,0)",
        f"{spec.name}, USB Audio",
        f"{spec.name} Analog Stereo",
        f"plughw:CARD={card.id},DEV=0",
        f"hw:{card.id}",
        f"usb:{card.usb}".rstrip(":"),
        f"Bus 001 Device 004: ID {card.usb[:9]} {spec.name}",
        f"ID {card.usb[:9].upper()}",
        "port:1-1.2",
        "usb-3f980000.usb-1.2",
        "platform-3f980000.usb-usb-0:1.2:1.0",
    ):
        assert not fault(wanted)
        assert meant("microphone", wanted, [card]) == [card], wanted


@pytest.mark.parametrize(
    "wanted",
    [
        "1",
        "hw:1,0",
        "plughw:1",
        "hw:CARD=1",
        "card 1",
        "card1",
        ":1,0",
        "default:1",
        "dsnoop:CARD=1,DEV=0",
        "1,0",
    ],
)
def test_a_number_is_no_name_in_any_spelling(wanted):
    card = Card(1, "Device", "USB 1 Device", "08bb:2902:1", "1-1.2", (0,), (0,))
    with pytest.raises(DeviceError, match="cannot find"):
        resolve("microphone", [wanted], [card], lambda _: True)
    with pytest.raises(DeviceError, match="cannot find"):
        among("microphone", [wanted], ["USB 1 Device: USB Audio (hw:1,0)"], [card])


def test_a_name_with_brackets_finds_itself_and_so_does_one_with_the_blank_that_aplay_prints():
    cards = [
        Card(0, "K4", "Capture 4K [beta] USB", microphones=(0,)),
        Card(1, "CODEC", "USB Audio CODEC", microphones=(0,)),
    ]
    for wanted in (
        "Capture 4K [beta] USB",
        "4k [be",
        "*[beta] usb",
        "card 0: K4 [Capture 4K [beta] USB], device 0: x [x]",
    ):
        assert meant("microphone", wanted, cards) == cards[:1]
    assert meant("microphone", "USB Audio CODEC ", cards) == cards[1:]


def test_what_has_neither_port_nor_serial_number_is_told_apart_by_its_id():
    cards = [Card(at, f"vc4hdmi{at}", f"vc4-hdmi-{at}", speakers=(0,)) for at in (0, 1)]
    with pytest.raises(DeviceError, match=r"write 'vc4hdmi0' for .*, or 'vc4hdmi1' for "):
        resolve("speaker", ["hdmi"], cards, lambda _: False)
