"""The manual pages and the completion: they are what the code says, and the programs that read them accept them."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from edged.causes import CAUSES
from edged.cli import VERBS
from edged.config.model import Config
from edged.config.show import schema
from instruments.manual.__main__ import FOLDER, files
from instruments.manual.commands import commands, settings

ROOT = FOLDER.parent
BASH = FOLDER / "completion" / "edged"
ZSH = FOLDER / "completion" / "_edged"
IN_TIME_S = 60


def test_the_manual_is_what_the_code_says():
    different = [name for name, text in files().items() if (FOLDER / name).read_text() != text]
    assert not different, "run scripts/draw-manual"


def test_every_verb_option_setting_and_cause_is_there():
    first, eighth, fifth = ((FOLDER / name).read_text() for name in ("edged.1", "edged.8", "edged.yaml.5"))
    for command in commands():
        if command.path and not command.below:
            assert f".SS {command.name}\n" in first
            names = {name for option in command.options for name in option.names} - {"-h", "--help"}
            assert all(name.replace("-", r"\-") in first for name in names)
    assert {command.path[0] for command in commands() if command.path} == set(VERBS)
    for cause in CAUSES:
        assert rf"\fB{cause}\fR" in eighth
    for setting in settings():
        assert rf"\fB{setting.name}\fR" in fifth
    assert {setting.name.partition(".")[0] for setting in settings()} >= set(Config.__struct_fields__)
    assert "version" in schema()["$defs"]["Config"]["properties"]


@pytest.mark.parametrize("page", ["edged.1", "edged.8", "edged.yaml.5"])
def test_a_page_can_be_read(page):
    if mandoc := shutil.which("mandoc"):
        done = subprocess.run(
            [mandoc, "-Tlint", "-Wwarning", FOLDER / page], capture_output=True, text=True, check=False
        )
        assert done.stdout == ""
    if man := shutil.which("man"):
        env = {**os.environ, "MANWIDTH": "100", "LC_ALL": "C.UTF-8", "PAGER": "cat"}
        done = subprocess.run(
            [man, "-l", FOLDER / page], capture_output=True, text=True, check=False, env=env
        )
        assert done.returncode == 0, done.stderr
        assert "NAME\n" in done.stdout
        assert "\\f" not in done.stdout
    if not mandoc and not man:
        pytest.skip("neither mandoc nor man is here")


ASK = r"""
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_edged
printf '%s\n' "${COMPREPLY[@]}"
"""


def completed(*words, cwd="/"):
    """What bash offers for the last of these words, cut up as bash does."""
    done = subprocess.run(
        ["bash", "--norc", "-c", ASK, "bash", BASH, "edged", *words],
        capture_output=True,
        text=True,
        check=True,
        cwd=cwd,
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_bash_knows_the_verbs_options_words_and_values():
    assert completed("") == list(VERBS)
    assert completed("dev") == ["devices"]
    assert completed("--v") == ["--version"]
    assert completed("ctl", "vol") == ["volume", "volume_up", "volume_down"]
    assert completed("ctl", "--socket", "/tmp/s", "unm") == ["unmute"]
    assert completed("status", "--wa") == ["--watch"]
    assert completed("config", "sh") == ["show"]
    assert completed("config", "show", "--or") == ["--origin"]
    assert completed("demo", "--voice", "pa") == ["parrot"]
    assert completed("config", "preset", "bare") == ["bare-button"]
    assert completed("setup", "--preset", "bare") == ["bare-button"]
    assert completed("setup", "--provider", "xa") == ["xai"]
    assert completed("setup", "--light", "n") == ["none"]
    assert completed("help", "stat") == ["status"]
    assert completed("demo", "--voice", "=") == ["listen", "parrot"]
    assert completed("run", "--set", "provider.na") == ["provider.name="]
    assert completed("run", "--set", "provider.name", "=", "xa") == ["xai"]
    assert "true" in completed("run", "--set", "speaker.volume_reset", "=")
    assert completed("run", "--set", "mode", "=", "hold", "--co") == ["--config"]


def test_bash_offers_files_where_a_file_is_meant(tmp_path):
    (tmp_path / "kiosk.yaml").touch()
    assert completed("config", "check", "kio", cwd=tmp_path) == ["kiosk.yaml"]
    assert completed("run", "--config", "k", cwd=tmp_path) == ["kiosk.yaml"]
    assert completed("run", "--config", "=", cwd=tmp_path) == ["kiosk.yaml"]


def test_bash_registers_it():
    said = subprocess.run(
        ["bash", "--norc", "-c", f'source "{BASH}" && complete -p edged'],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == "complete -F _edged edged"


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="no shellcheck on this machine")
def test_shellcheck_has_nothing_against_the_completion():
    subprocess.run(["shellcheck", "--shell=bash", BASH], check=True)


# -- zsh, which has to be driven at a terminal ---------------------------------------------------------------


class Zsh:
    def __init__(self):
        words = [shutil.which("zsh"), "-f", "-i"]
        child, self._master = pty.fork()
        if child == 0:
            os.environ |= {"TERM": "dumb", "PS1": "> "}
            os.execv(words[0], words)
        self._child, self.text = child, ""
        self.type(f"fpath=({FOLDER}/completion $fpath); unsetopt prompt_sp\n")
        self.type("autoload -Uz compinit; compinit -D; echo re''ady\n")
        self.until("ready\r\n")

    def type(self, keys):
        os.write(self._master, keys.encode())

    def until(self, words):
        until = time.monotonic() + IN_TIME_S
        while words not in self.text:
            assert time.monotonic() < until, self.text
            if select.select([self._master], [], [], 0.1)[0]:
                self.text += os.read(self._master, 65_536).decode(errors="replace")
        self.text = self.text.partition(words)[2]

    def close(self):
        with suppress(ProcessLookupError):
            os.kill(self._child, 9)
        os.waitpid(self._child, 0)
        os.close(self._master)


@pytest.mark.skipif(shutil.which("zsh") is None, reason="no zsh on this machine")
@pytest.mark.parametrize(
    ("typed", "becomes"),
    [
        ("edged dev", "edged devices "),
        ("edged ctl repe", "edged ctl repeat_answer "),
        ("edged status --wa", "edged status --watch "),
        ("edged config sch", "edged config schema "),
        ("edged demo --voice=par", "edged demo --voice=parrot "),
        ("edged run --set=provider.vo", "edged run --set=provider.voice="),
        ("edged run --set mode=hyb", "edged run --set mode=hybrid "),
    ],
)
def test_zsh_completes(typed, becomes):
    zsh = Zsh()
    try:
        zsh.type(f"{typed}\t")
        zsh.until(becomes.removeprefix(typed))
    finally:
        zsh.close()


def test_the_command_compares_without_changing(tmp_path):
    words = [sys.executable, "-P", "-m", "instruments.manual", "--check"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(words, check=True, env=env, cwd=tmp_path)


def test_a_release_has_the_pages_and_the_completion_in_their_places():
    import tomllib

    found = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["data-files"]
    placed = {f"{folder}/{Path(file).name}" for folder, these in found.items() for file in these}
    assert placed >= {
        "share/man/man1/edged.1",
        "share/man/man8/edged.8",
        "share/man/man5/edged.yaml.5",
        "share/bash-completion/completions/edged",
        "share/zsh/site-functions/_edged",
    }
    sources = re.search(r"^sources=\((.*)\)$", (ROOT / "scripts/release").read_text(), re.MULTILINE)[
        1
    ].split()
    assert "manual" in sources
