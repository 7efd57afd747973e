"""A name means one card or is refused: over starts in every order, ports, serial numbers, and cards that are away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.audio.devices.kernel_ids import made_from
from edged.audio.devices.names import best_name, meant, resolve
from edged.audio.devices.present import Card
from edged.errors import DeviceError
from tests.audio.devices.cards.rig import kernel_id
from tests.audio.devices.cards.table import ROWS

MAKES = ("USB PnP Sound Device", "USB Audio Device", "Jabra SPEAK 510 USB")
CONTROLLERS = ("xhci-hcd.0", "xhci-hcd.1")


@st.composite
def kiosks(draw):
    """Two to four cards: make, serial number, controller and port; each place holds one card."""
    places = draw(
        st.lists(
            st.tuples(st.sampled_from(CONTROLLERS), st.sampled_from(("1.2", "1.3"))),
            min_size=2,
            max_size=4,
            unique=True,
        )
    )
    return [
        (
            draw(st.sampled_from(MAKES)),
            draw(st.sampled_from(("", "", "A", "B"))),
            *place,
            draw(st.sampled_from(("", "", "kiosk-mic"))),
        )
        for place in places
    ]


def started(kiosk, order, buses):
    """The cards after a start in this order, as the kernel describes them. `buses`: the controllers in their order."""
    found = []
    for number, at in enumerate(order):
        make, serial, controller, port, by_udev = kiosk[at]
        ids = [card.id for card in found]
        made = by_udev.title().replace("-", "") + str(at) if by_udev else kernel_id(make, ids)
        usb = f"08bb:{2900 + MAKES.index(make)}:{serial}"
        bus = 1 + 2 * buses.index(controller)
        found.append(
            Card(
                number, made, make, usb, f"{bus}-{port}", (0,), (0,), "USB-Audio", f"usb-{controller}-{port}"
            )
        )
    return found


def spellings(card, number):
    """Everything that people write for this card."""
    vendor = ":".join(card.usb.split(":")[:2])
    return [
        card.id,
        made_from(card.name),
        f"hw:CARD={card.id},DEV=0",
        f"plughw:{card.id},0",
        f"sysdefault:CARD={card.id}",
        card.name,
        card.name.lower(),
        card.name[4:8],
        f"*{card.name[4:8]}*",
        f"{card.id}*",
        f"{card.id} [{card.name}]",
        f"card {number}: {card.id} [{card.name}], device 0: USB Audio [USB Audio]",
        f"usb:{vendor}",
        vendor,
        f"Bus 001 Device 004: ID {vendor} Maker",
        f"usb:{card.usb}".rstrip(":"),
        f"port:{card.port}",
        f"port:{card.path}",
        card.path,
        str(number),
        f"hw:{number},0",
        f"plughw:CARD={number}",
        f"card{number}",
        best_name("microphone", card, [card]),
    ]


def opened(wanted, present, ambiguous):
    """The place of the card that is opened; None: it is refused or not found."""
    try:
        (name,) = resolve("microphone", [wanted], present, lambda _: False, ambiguous)
    except DeviceError:
        return None
    (card,) = [each for each in present if f"CARD={each.id}" in name.split(",")] or [
        each for each in present if name.split("CARD=")[1].split(",")[0] == each.id
    ]
    return card.path


@given(st.data())
def test_a_name_never_means_another_card_than_the_one_it_was_written_for(data):
    """It is written while all cards are there. Then the machine starts in any order, without some of them."""
    kiosk = data.draw(kiosks())
    everything = list(range(len(kiosk)))
    buses = st.permutations(CONTROLLERS)
    first = started(kiosk, data.draw(st.permutations(everything)), data.draw(buses))
    written_for = data.draw(st.sampled_from(first))
    wanted = data.draw(st.sampled_from(spellings(written_for, written_for.number)))
    ambiguous = set()
    meant_first = opened(wanted, first, ambiguous)
    for _ in range(2):
        there = data.draw(st.lists(st.sampled_from(everything), unique=True, min_size=1))
        later = opened(wanted, started(kiosk, there, data.draw(buses)), ambiguous)
        if meant_first is not None:
            assert later in (meant_first, None)
        elif wanted in ambiguous:
            assert later is None


@given(st.data())
def test_the_name_that_an_error_recommends_is_kept_by_every_start(data):
    kiosk = data.draw(kiosks())
    buses = st.permutations(CONTROLLERS)
    first = started(kiosk, range(len(kiosk)), data.draw(buses))
    for card in first:
        name = best_name("microphone", card, first)
        order = data.draw(st.permutations(range(len(kiosk))))
        assert opened(name, started(kiosk, order, data.draw(buses)), set()) == card.path


@pytest.mark.parametrize("there", [(0, 1), (1, 0)])
@pytest.mark.parametrize("wanted", ["Device", "Device_1", "usb:08bb:2900", "USB PnP Sound Device", "Dev"])
def test_of_two_alike_neither_is_guessed_while_one_is_unplugged(there, wanted):
    kiosk = [(MAKES[0], "", CONTROLLERS[0], port, "") for port in ("1.2", "1.3")]
    both, ambiguous = started(kiosk, there, CONTROLLERS), set()
    assert opened(wanted, both, ambiguous) is None
    for each in both:
        assert opened(wanted, [each], ambiguous) is None


def test_the_suffix_alone_shows_that_another_card_is_missing():
    kiosk = [(MAKES[0], "", CONTROLLERS[0], port, "") for port in ("1.2", "1.3")]
    _, left = started(kiosk, (0, 1), CONTROLLERS)
    assert left.id == "Device_1"
    for wanted in ("Device", "Device_1"):
        assert len(meant("microphone", wanted, [left])) == 2


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("USB PnP Sound Device", "Device"),
        ("ReSpeaker 4 Mic Array (UAC1.0)", "ArrayUAC10"),
        ("USB Camera-B4.09.24.1", "CameraB409241"),
        ("snd_rpi_googlevoicehat_soundcar", "sndrpigooglevoi"),
        ("USB Audio CODEC ", "CODEC"),
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
        f"plughw:CARD={card.id},DEV=0",
        f"hw:{card.id}",
        f"usb:{card.usb}".rstrip(":"),
        f"Bus 001 Device 004: ID {card.usb[:9]} {spec.name}",
        f"ID {card.usb[:9].upper()}",
        "port:1-1.2",
        "usb-3f980000.usb-1.2",
        "platform-3f980000.usb-usb-0:1.2:1.0",
    ):
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


def test_a_name_with_brackets_finds_itself_and_so_does_one_with_the_blank_that_aplay_prints():
    cards = [
        Card(0, "beta", "Capture 4K [beta]", microphones=(0,)),
        Card(1, "CODEC", "USB Audio CODEC", microphones=(0,)),
    ]
    assert meant("microphone", "Capture 4K [beta]", cards) == cards[:1]
    assert meant("microphone", "USB Audio CODEC ", cards) == cards[1:]


def test_what_has_neither_port_nor_serial_number_is_told_apart_by_its_id():
    cards = [Card(at, f"vc4hdmi{at}", f"vc4-hdmi-{at}", speakers=(0,)) for at in (0, 1)]
    with pytest.raises(DeviceError, match=r"write 'vc4hdmi0' for .*, or 'vc4hdmi1' for "):
        resolve("speaker", ["hdmi"], cards, lambda _: False)
