"""`edged setup` at a real terminal of 80 x 24: a person speaks, listens, types, and ends with a turn."""

import os
import re
import stat
import sys
from pathlib import Path
from types import SimpleNamespace

import pexpect
import pytest

from edged.audio.devices import libasound
from edged.config import load
from tests.audio.devices.cards.rig import Machine, Spec, Stream, build
from tests.cli.daemon import ENV, IN_TIME_S, ROOT, serving
from tests.cli.terminal import Terminal
from tests.cli.test_setup import KEY

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not libasound.here(), reason="no libasound: apt-get install -y libasound2"),
]
CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]")
TERMINALS = {"menus": ("xterm", ()), "plain": ("xterm", ("--plain",)), "dumb": ("dumb", ())}
DOWN = "\x1b[B"


class Hall:
    """A machine with a stick in which somebody speaks, and a camera that hums. `speaking` switches the voice."""

    def __init__(self, folder, plugin):
        self.folder, self.trouble = folder, folder / "trouble"
        self.speaking(False)
        voice = Stream(channels=(1,), trouble=str(self.trouble))
        stick = Spec("Stick", voice, Stream(), ("1111", "2222", ""), id="Stick")
        camera = Spec("Camera", Stream(channels=(1,)), None, ("1111", "3333", ""), id="Camera", port="1-1.4")
        screen = Spec("Screen", None, Stream(), None, id="Screen", driver="vc4-hdmi")
        self.machine = Machine(folder / "machine").boot(screen, camera, stick)
        self.env = {
            **ENV,
            **self.machine.alsa(plugin),
            "PYTHONPATH": f"{ROOT}:{Path(__file__).parent / 'on_cards'}",
            "CARDS_OF_THE_TEST": str(self.machine.folder),
            "LC_ALL": "C.UTF-8",
            "NO_COLOR": "1",
        }
        self.env.pop("PYTEST_CURRENT_TEST", None)
        self.config = folder / "config.yaml"

    def speaking(self, on):
        self.trouble.write_text("" if on else "quiet 1\n")


@pytest.fixture
def hall(tmp_path, tmp_path_factory):
    plugin, reason = build(tmp_path_factory.mktemp("rigcard"))
    if plugin is None:
        pytest.skip(reason)
    return Hall(tmp_path, plugin)


@pytest.fixture
def service(tmp_path):
    (tmp_path / "keys").write_text(KEY + "\n")
    with serving("--key-file", tmp_path / "keys") as url:
        yield url


class Person:
    """Sits at the terminal, and answers what is asked by what is written there."""

    def __init__(self, hall, kind, *words):
        term, more = TERMINALS[kind]
        self.kind, self.hall = kind, hall
        self.seen = (hall.folder / "seen").open("w")
        self.terminal = pexpect.spawn(
            sys.executable,
            ["-P", "-m", "edged", "setup", "--config", str(hall.config), *more, *map(str, words)],
            env={**hall.env, "TERM": term},
            dimensions=(24, 80),
            encoding="utf-8",
            timeout=IN_TIME_S,
            logfile=None,
        )
        self.terminal.logfile_read = self.seen

    def sees(self, text):
        """Wait for these words, which may be broken into lines."""
        self.terminal.expect(r"\s+".join(re.escape(word) for word in text.split()))

    def chooses(self, question, text):
        """Choose the answer that begins with these words."""
        self.sees(question)
        if self.kind == "menus":
            self.terminal.expect(r"(\w)\) " + re.escape(text))
            self.terminal.send(self.terminal.match[1] + "\r")
            return
        self.terminal.expect(r"\s(\d+)  " + re.escape(text))
        number = self.terminal.match[1]
        self.sees("Number [")
        self.terminal.send(number + "\r")

    def agrees(self, question, yes=True):
        self.sees(question)
        if self.kind == "menus":
            self.terminal.send("y" if yes else "n")
        else:
            self.sees("yes or no")
            self.terminal.sendline("yes" if yes else "no")

    def types(self, question, text):
        self.sees(question)
        self.terminal.send(text + "\r")

    def ends(self):
        self.terminal.expect(pexpect.EOF)
        self.terminal.close()
        self.seen.close()
        return self.terminal.exitstatus

    @property
    def text(self):
        return CODES.sub("", (self.hall.folder / "seen").read_text())


# dumb asks as plain does, and so does the terminal of system/boot/test_readme.py
@pytest.mark.parametrize("kind", ["menus", pytest.param("plain", marks=pytest.mark.nightly)])
def test_a_person_is_led_from_the_devices_to_a_whole_turn(hall, service, kind):
    hall.config.write_text(
        "version: 1\n# of the hall\nmicrophone:\n  backend: alsa\nspeaker: {backend: alsa}\n"
    )
    person = Person(hall, kind, "--turn", "press")
    person.sees("edged listens to 2 microphones at once. Please be quiet for two seconds.")
    person.sees("Now speak")
    hall.speaking(True)
    person.sees("You spoke into 'Stick'")
    person.chooses("Did you hear the tone from Stick", "Yes")
    person.chooses("Which button?", "There is no button")
    person.chooses("Which light?", "There is no light")
    person.chooses("Which speech service?", "custom: ")
    person.types("Address of the service", service)
    person.types("API key", "sk-not-this-one-0123456789")
    person.sees("custom refuses it: key_refused: ")
    person.chooses("What now?", "Enter the key")
    person.types("Address of the service", "")  # as before
    person.types("API key", KEY)
    person.sees("custom accepts it: a session was open")
    person.chooses("Which language do most visitors speak?", "de: Deutsch")
    person.chooses("How do visitors use the button?", "hybrid: ")
    person.sees("+  device: ")
    person.agrees("Write this?")
    person.sees("edged listens for 3 seconds now")
    person.sees("The answer was played")
    person.sees("What `edged doctor` finds:")
    assert person.ends() == 0, person.text
    found = person.text.partition("`edged doctor` finds:")[2].partition("The kiosk is set up.")[0].split()
    assert found
    assert found[0] not in ("daemon_hung:", "another_edged:"), found  # it asks the daemon of this turn
    config = load(hall.config, env=os.environ).config
    assert (config.microphone.device, config.speaker.device) == ("usb:1111:2222", "default")
    assert (config.visitor.languages, config.mode, config.provider.name) == ("de", "hybrid", "custom")
    assert hall.config.read_text().startswith("version: 1\n# of the hall\n")
    key = hall.folder / "credentials/api-key"
    assert (key.read_text(), stat.S_IMODE(key.stat().st_mode)) == (KEY + "\n", 0o600)
    assert KEY not in person.text
    assert "sk-not-this-one" not in person.text
    heard = (hall.machine.folder / "Stick.raw").read_bytes()
    assert max(heard) > 0


# -- a set-up that is not finished -----------------------------------------------------------------------


def test_ctrl_c_and_a_lost_terminal_leave_everything_as_it_was(hall):
    hall.config.write_text("version: 1\nmicrophone: {backend: alsa}\nspeaker: {backend: alsa}\n")
    before = hall.config.read_bytes()
    person = Person(hall, "menus")
    person.sees("Now speak")
    person.terminal.sendintr()
    assert person.ends() == 130
    lost = Terminal("setup", "--plain", "--config", hall.config, columns=80, rows=24, **hall.env)
    lost.until("Now speak")
    lost.hang_up()
    assert hall.config.read_bytes() == before
    assert sorted(each.name for each in hall.folder.glob("*")) == [
        "config.yaml",
        "machine",
        "seen",
        "trouble",
    ]


def test_who_does_not_agree_changes_nothing_and_no_line_is_too_long(hall):
    hall.config.write_text("version: 1\nmicrophone: {backend: alsa}\nspeaker: {backend: alsa}\n")
    before = hall.config.read_bytes()
    person = Person(hall, "plain", "--microphone", "Stick", "--language", "fr", "--mode", "toggle")
    person.chooses("Did you hear the tone from Screen", "No: try the next one")
    person.chooses("Did you hear the tone from Stick", "Play it again")
    person.chooses("Did you hear the tone from Stick", "Yes")
    person.chooses("Which button?", "Type the GPIO number")
    person.types("GPIO number [17]", "99")
    person.sees("not the position of the pin")
    person.types("GPIO number [17]", "22")
    person.chooses("Which light?", "Type the GPIO number")
    person.types("GPIO number", "22")
    person.sees("GPIO 22 is in use (button.gpio)")
    person.types("GPIO number", "27")
    person.chooses("Which light?", "There is no light")
    person.chooses("Which speech service?", "local: ")
    person.agrees("Write this?", yes=False)
    person.sees("Nothing was changed.")
    assert person.ends() == 0
    assert hall.config.read_bytes() == before
    shown = [line for line in person.text.splitlines() if str(hall.folder) not in line]
    assert max(map(len, shown)) < 80


def test_a_refused_key_can_be_left_for_later_and_the_exit_code_says_so(hall, service):
    hall.config.write_text("version: 1\nmicrophone: {backend: 'null'}\nspeaker: {backend: 'null'}\n")
    answered = ("--button", "none", "--light", "none", "--language", "en", "--mode", "hold", "--turn", "skip")
    person = Person(hall, "plain", *answered, "--microphone", "default", "--speaker", "default")
    person.chooses("Which speech service?", "custom: ")
    person.types("Address of the service", service)
    person.types("API key", '"in quotation marks"')
    person.sees("It has the key in quotation marks")
    person.types("API key", "sk-not-this-one-0123456789")
    person.chooses("What now?", "Leave it as it is for now")
    person.agrees("Write this?")
    person.sees("the service refuses the key: key_refused")
    assert person.ends() == 1
    assert load(hall.config, env=os.environ).config.provider.name == "custom"


# -- every question can be left, on every terminal -------------------------------------------------------

OWN = "version: 1\nmicrophone: {backend: 'null'}\nspeaker: {backend: 'null'}\n"
SOUND = ("--microphone", "default", "--speaker", "default", "--turn", "skip")
PANEL = (*SOUND, "--button", "none", "--light", "none")
CHOSEN = (*PANEL, "--provider", "local", "--language", "de")
QUESTIONS = {  # one of each kind: choose, type in secret, confirm
    "Which button?": SOUND,
    "API key": PANEL,
    "Write this?": (*CHOSEN, "--mode", "toggle"),
}


@pytest.fixture
def bare(tmp_path):
    """A machine without devices."""
    hall = SimpleNamespace(folder=tmp_path, config=tmp_path / "config.yaml")
    hall.env = {**ENV, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
    hall.env.pop("COLUMNS", None)
    hall.config.write_text(OWN)
    return hall


@pytest.mark.parametrize("kind", ["menus", "dumb"])
@pytest.mark.parametrize("question", QUESTIONS)
def test_ctrl_d_at_a_question_changes_nothing_and_says_so(bare, kind, question):
    person = Person(bare, kind, *QUESTIONS[question])
    if question == "API key":
        person.chooses("Which speech service?", "openai: ")
    person.sees(question)
    person.terminal.expect([r"\]: ", r"then Enter\)", r"shown\):", r"\(Y/n\)"])
    person.terminal.send("\x04")
    assert person.ends() == 130
    assert "Traceback" not in person.text
    assert "Nothing was changed." in person.text
    assert bare.config.read_text() == OWN


def test_a_terminal_that_has_no_letters_of_korean_can_still_choose(bare):
    bare.env["PYTHONIOENCODING"] = "ascii"
    person = Person(bare, "plain", *CHOSEN[:-2])
    person.chooses("Which language", "fr: Fran")
    person.chooses("How do visitors", "hold: ")
    person.agrees("Write this?")
    assert person.ends() == 0
    assert load(bare.config, env={}).config.visitor.languages == "fr"


def test_no_line_is_longer_than_a_narrow_terminal(bare):
    person = Person(bare, "plain", *SOUND)
    person.terminal.setwinsize(24, 40)
    person.chooses("Which button?", "There is no button")
    person.chooses("Which light?", "There is no light")
    person.sees("Which speech service?")
    person.terminal.sendintr()
    assert person.ends() == 130
    shown = [line for line in person.text.splitlines() if "/" not in line]  # a path is not broken
    assert max(map(len, shown)) <= 40


def test_without_the_package_of_the_menus_it_asks_in_plain_lines_and_says_what_helps(bare):
    (bare.folder / "lib").mkdir()
    (bare.folder / "lib/questionary.py").write_text("raise ImportError('No module named questionary')")
    bare.env["PYTHONPATH"] = f"{bare.folder / 'lib'}:{ROOT}"
    person = Person(bare, "menus", *CHOSEN)
    person.kind = "plain"  # what it is led to
    person.sees("The menus need the package questionary, which cannot be used")
    person.sees("install.sh --repair")
    person.chooses("How do visitors", "toggle: ")
    person.agrees("Write this?")
    assert person.ends() == 0
    assert load(bare.config, env={}).config.mode == "toggle"
