"""The pictures: the parts of a kiosk, a turn, the wiring, and the rhythms of the light."""

from collections.abc import Callable

from edged.config import Config
from instruments.pictures import lights
from instruments.pictures.canvas import SMALL, Picture, Theme

# The 40-pin header of every Raspberry Pi since the B+: what each position carries, from position 1 on.
# Source: the header's drawing in the documentation of Raspberry Pi; `pinout` on a Pi prints the same.
HEADER = (
    *("3V3", "5V", 2, "5V", 3, "GND", 4, 14, "GND", 15, 17, 18, 27, "GND", 22, 23, "3V3", 24, 10, "GND"),
    *(9, 25, 11, 8, "GND", 7, 0, 1, 5, "GND", 6, 12, 13, "GND", 19, 16, 26, 20, "GND", 21),
)


def position(gpio: int) -> int:
    """Where on the header a GPIO is, 1 to 40."""
    return HEADER.index(gpio) + 1


def kiosk(theme: Theme) -> Picture:
    """The parts, and how sound goes through them."""
    picture = Picture(
        theme,
        252,
        "The parts of a kiosk with edged",
        "A button opens the gate. The microphone fills a ring buffer of 300 milliseconds; while the gate is open its "
        "sound goes to the link, which sends it to the speech service over one WebSocket. Answers come back over "
        "the link into the jitter buffer and from there to the speaker. The LED is on while the gate is open.",
    )
    picture.bar(106, 8, 268, 236, theme.box, round_by=10)
    picture.text(120, 26, "edged, on the Raspberry Pi", size=SMALL, colour=theme.faint)
    for y, name in ((44, "button"), (96, "microphone"), (148, "speaker"), (200, "LED")):
        picture.box(4, y, 90, 34, name)
    picture.box(118, 44, 148, 34, "turn: who speaks", colour=theme.ink)
    picture.box(118, 96, 78, 34, "ring", "300 ms")
    picture.box(214, 96, 52, 34, "gate", colour=theme.red)
    picture.box(118, 148, 148, 34, "jitter buffer")
    picture.box(118, 200, 148, 34, "light", colour=theme.red)
    picture.box(296, 96, 66, 86, "link", colour=theme.blue)
    picture.box(390, 96, 86, 86, "speech", "service", colour=theme.blue)
    picture.line((94, 61), (117, 61), arrow=True)
    picture.line((94, 113), (117, 113), colour=theme.green, arrow=True)
    picture.line((196, 113), (213, 113), colour=theme.green, arrow=True)
    picture.line((240, 78), (240, 95), colour=theme.red, arrow=True)
    picture.line((266, 113), (295, 113), colour=theme.green, arrow=True)
    picture.line((362, 113), (389, 113), colour=theme.green, arrow=True)
    picture.line((390, 165), (363, 165), colour=theme.blue, arrow=True)
    picture.line((296, 165), (267, 165), colour=theme.blue, arrow=True)
    picture.line((118, 165), (95, 165), colour=theme.blue, arrow=True)
    picture.line((266, 61), (281, 61), (281, 217), (267, 217), colour=theme.red, arrow=True)
    picture.line((118, 217), (95, 217), colour=theme.red, arrow=True)
    picture.text(433, 200, "WebSocket,", size=SMALL, colour=theme.faint, anchor="middle")
    picture.text(433, 216, "TLS", size=SMALL, colour=theme.faint, anchor="middle")
    return picture


def turn(theme: Theme) -> Picture:
    """One turn over time."""
    picture = Picture(
        theme,
        268,
        "One turn over time",
        "The visitor presses the button and speaks; the sound is sent while it is recorded, with the 300 milliseconds "
        "before the press and 150 after the release. Then the service answers in pieces that come unevenly; the jitter "
        "buffer plays them evenly. The light is steady only while the microphone is open.",
    )
    left, press, release, sound, end = 92, 150, 290, 352, 462
    shut = release + 18  # 150 ms later
    for x, words, anchor in (
        (press, "press", "middle"),
        (release, "release", "middle"),
        (sound, "answer", "start"),
    ):
        picture.line((x, 28), (x, 244))
        picture.text(x, 14, words, size=SMALL, colour=theme.faint, anchor=anchor)
    rows = {"button": 46, "recorded": 84, "sent": 122, "received": 160, "played": 198, "light": 236}
    for name, y in rows.items():
        picture.text(4, y, name)
        picture.line((left, y + 14), (end, y + 14), width=0.5)
    picture.bar(press, rows["button"] - 9, release - press, 18, theme.ink)
    picture.bar(press - 36, rows["recorded"] - 9, 36, 18, theme.faint)
    picture.text(press - 18, rows["recorded"], "300 ms", size=10, colour=theme.paper, anchor="middle")
    picture.bar(press, rows["recorded"] - 9, shut - press, 18, theme.green)
    picture.bar(press + 3, rows["sent"] - 9, 20, 18, theme.green)
    for x in range(press + 26, shut - 6, 10):
        picture.bar(x, rows["sent"] - 9, 8, 18, theme.green)
    for x, width in ((338, 8), (350, 14), (366, 5), (382, 18), (402, 6)):
        picture.bar(x, rows["received"] - 9, width, 18, theme.blue)
    picture.bar(sound, rows["played"] - 9, end - sound, 18, theme.blue)
    picture.bar(press, rows["light"] - 9, shut - press, 18, theme.red)
    for x in range(shut + 4, sound - 6, 14):
        picture.bar(x, rows["light"] - 9, 7, 18, theme.red)
    for x in range(sound, end - 8, 28):
        picture.bar(x, rows["light"] - 9, 21, 18, theme.red)
    return picture


def wiring(theme: Theme) -> Picture:
    """The header, with the button and the LED at the positions of the default configuration."""
    defaults = Config()
    button, lamp = position(defaults.button.gpio), position(defaults.light.gpio)
    grounds = [number for number, carries in enumerate(HEADER, 1) if carries == "GND" and number % 2]
    button_ground, lamp_ground = grounds[0], grounds[1]
    picture = Picture(
        theme,
        392,
        "The wiring, by positions of the header",
        f"The button connects position {button} (GPIO {defaults.button.gpio}) with position {button_ground} (ground). "
        f"From position {lamp} (GPIO {defaults.light.gpio}) a resistor of 330 ohms leads to the long leg of the LED, "
        f"the anode; its short leg, the cathode, which is at the flat side, leads to position {lamp_ground} (ground).",
    )
    x, top, step = 330, 40, 17
    place = {
        number: (x + (0 if number % 2 else 24), top + (number - 1) // 2 * step) for number in range(1, 41)
    }
    picture.bar(x - 14, top - 13, 52, 20 * step + 8, theme.box, round_by=4)
    picture.text(
        x + 12, 14, "corner of the board, SD card side", size=SMALL, colour=theme.faint, anchor="middle"
    )
    used = {button: theme.blue, button_ground: theme.ink, lamp: theme.red, lamp_ground: theme.ink}
    for number, (px, py) in place.items():
        picture.circle(px, py, 5.5, fill=used.get(number, "none"), edge=used.get(number, theme.faint))
    for number in (1, 2, 39, 40):
        px, py = place[number]
        picture.text(
            px + (-20 if number % 2 else 20), py, str(number), size=SMALL, colour=theme.faint, anchor="middle"
        )
    names = {button: f"GPIO {defaults.button.gpio}", lamp: f"GPIO {defaults.light.gpio}"}
    for number in (button_ground, button, lamp, lamp_ground):
        px, py = place[number]
        words = f"{number}  {names.get(number, 'ground')}"
        picture.text(px + 52, py, words, size=SMALL, colour=used[number], bold=True)
    px, y_ground, y_button = place[button][0], place[button_ground][1], place[button][1]
    y_lamp, y_lamp_ground = place[lamp][1], place[lamp_ground][1]
    picture.line((px - 6, y_ground), (60, y_ground), colour=theme.ink)
    picture.line((px - 6, y_button), (285, y_button), (285, 152), (60, 152), colour=theme.blue)
    picture.line((60, y_ground), (60, y_ground + 12), colour=theme.ink)
    picture.line((60, 152), (60, 140), colour=theme.blue)
    picture.circle(60, y_ground + 15, 3, fill=theme.ink)
    picture.circle(60, 137, 3, fill=theme.blue)
    picture.line((76, y_ground + 13), (76, 139), colour=theme.ink, width=2.5)
    picture.line((76, 122), (88, 122), colour=theme.ink, width=2.5)
    picture.text(98, 124, "button, either way round", size=13)
    picture.line((px - 6, y_lamp), (300, y_lamp), (300, 200), (196, 200), colour=theme.red)
    picture.box(128, 188, 68, 24, "330 Ω", colour=theme.red)
    picture.line((128, 200), (60, 200), (60, 232), colour=theme.red)
    picture.line((48, 232), (72, 232), (60, 256), (48, 232), colour=theme.red, width=2)
    picture.line((46, 256), (74, 256), colour=theme.red, width=2)
    picture.line(
        (60, 256),
        (60, 290),
        (310, 290),
        (310, y_lamp_ground),
        (px - 6, y_lamp_ground),
        colour=theme.ink,
    )
    picture.text(88, 232, "LED: long leg (anode, +)", size=13)
    picture.text(88, 256, "short leg (cathode, -), flat side", size=13)
    picture.text(4, 336, "Any ground does: 6, 9, 14, 20, 25, 30, 34, 39.", size=SMALL, colour=theme.faint)
    picture.text(4, 356, "The side towards the middle of the board is odd.", size=SMALL, colour=theme.faint)
    picture.text(4, 376, "Microphone and speaker: USB.", size=SMALL, colour=theme.faint)
    return picture


DRAWINGS: dict[str, Callable[[Theme], Picture]] = {
    "kiosk": kiosk,
    "turn": turn,
    "wiring": wiring,
    "light": lights.light,
    "lights": lights.lights,
}
