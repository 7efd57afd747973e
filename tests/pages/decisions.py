"""Decisions that a page cannot make: which commands no test runs, which run until stopped, what placeholders mean."""

import re
from typing import NamedTuple


class Decision(NamedTuple):
    """A kind of command that no test here runs: `pattern` is a regular expression that matches it.

    `drawn`: the pages have such a command only after the owner has set the address of the repository.
    """

    pattern: str
    reason: str
    drawn: bool = False


NOT_RUN = (
    Decision(
        r"^git clone\b",
        "it fetches from the repository; a checkout of these sources is there instead",
        drawn=True,
    ),
    Decision(
        r"^(sudo )?scripts/test\b|^scripts/check$",
        "the tests would run themselves; tests/test_scripts.py starts both",
    ),
    Decision(
        r"^scripts/check tests/audio -x$", "minutes of tests within a test; scripts/check with others is run"
    ),
    Decision(
        r"\bpip install\b",
        "it fetches from the index of packages; scripts/env installs the same for the tests",
    ),
    Decision(
        r"^scripts/release\b",
        "it fetches from the index of packages; tests/system/boot installs what it makes",
    ),
    Decision(
        r"^sudo edged update\b",
        "it needs a second release; tests/system/boot/test_second_run.py goes back and forth",
    ),
    Decision(
        r"^scripts/talk$|^(\.venv/bin/)?edged talk\b",
        "it needs somebody at a terminal; tests/cli/test_talk.py types its keys",
    ),
    Decision(
        r"^sudo edged setup\b",
        "it asks a person, and needs devices; tests/cli/test_setup.py and tests/cli/test_setup_terminal.py run it",
    ),
    Decision(
        r"--with companion\b|\bedged-companion\b|^edged logs --companion$",
        "it fetches from the index of packages; tests/system/boot/test_companion.py adds the companion to a machine",
    ),
    Decision(r"^npm start$", "OpenAI's console is not here; tests/relay talks to the relay as it does"),
)
"""The tests run every command that this list does not match. An entry that matches no command fails a test."""

OF_A_KIOSK = frozenset({"docs/control-socket.md"})
"""The programs of these pages need a kiosk that runs. tests/cli/test_own_program.py runs them beside one."""

HOURS = frozenset({"CONTRIBUTING.md"})
"""The laptop commands of these pages take minutes. They run in the suite `hours`."""

PROGRAMS = re.compile(
    "apt|apt-get|bash|cat|cd|chmod|chown|cp|dmesg|echo|export|git|grep|id|install|ls|mkdir|nano|npm|openssl|"
    "pip|poweroff|printf|python|python3|raspi-config|rm|rpi-eeprom-update|sha256sum|source|sudoedit|systemd-analyze|systemd-creds|tail|tar|tee|umask|usermod"
)
"""Other programs that the pages may use: every Debian has them, or the page installs them first."""

UNITS = frozenset({"systemd-journald.service"})
"""Units of other projects that the pages may name."""

LASTING = {
    r"\bedged serve\b": r"serving ws://",
    r"\bedged relay\b": r"relaying ws://",
    r"\bedged run\b": r"ready",
    r"\bjournalctl\b.* (-f|--follow)\b": "",
    r"\bedged logs\b.* (-f|--follow)\b": "",
}
"""Commands that run until the reader stops them, and the output that shows that they are ready."""

SAYS_HOW_IT_IS = {
    r"\bedged status\b": {0, 2},
    r"\bedged ctl press\b": {0, 1},
    r"\bedged doctor\b": {0, 1, 2},
    r"\bedged usage\b": {0, 1},
}
"""Commands whose exit code says what is wrong with the machine, and the codes that are no fault of the page."""

ON_A_TERMINAL = r"\binstall\.sh\b(?!.*--(unattended|dry-run|help))|\b(sudoedit|nano|systemctl edit)\b"
"""Commands that need a terminal: they ask a question, which the test answers with yes, or open an editor."""

PLACEHOLDERS = {
    "FILE": "kiosk.yaml",
    "NAME": "maker",
    "N": "40",
}
"""Words in capitals that a reader replaces, and the test's replacement."""

LOCAL = """version: 1
provider: {name: local}
"""
OPENAI = """version: 1
provider: {name: openai, api_key_file: /etc/edged/credentials/api-key}
"""
GIVEN = {
    "key.txt": "sk-pasted-0123456789\n",
    "secrets.yaml": "version: 1\nprovider: {portkey: {virtual_key: vk-pasted}}\n",
}
"""Files that the reader has in the edged folder, besides kiosk.yaml and shop.yaml."""


def filled(text: str) -> str:
    """The command with each placeholder replaced."""
    text = text.replace("PUT-YOUR-KEY-HERE", GIVEN["key.txt"].strip())
    return re.sub(r"(?<![\w=$-])[A-Z]+(?![\w=-])", lambda word: PLACEHOLDERS.get(word[0], word[0]), text)


def reason(bare: str) -> str:
    """Why no test runs a command. Empty if a test runs it."""
    return next((each.reason for each in NOT_RUN if re.search(each.pattern, bare)), "")


def lasting(bare: str) -> str | None:
    """The key in LASTING of a command that runs until stopped. None for any other command."""
    return next((kind for kind in LASTING if re.search(kind, bare)), None)
