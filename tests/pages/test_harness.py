"""Tests of the parser, the checks and the rules for the place of a command."""

import sys
import sysconfig
from itertools import count

import pytest

from tests.pages import blocks as pages
from tests.pages.blocks import Command, split
from tests.pages.checking import OURS, fault
from tests.pages.decisions import filled
from tests.pages.laptop import packages
from tests.pages.paste import for_machine


@pytest.fixture
def page(tmp_path):
    numbers = count()

    def write(text):
        file = tmp_path / f"page{next(numbers)}.md"
        file.write_text(text)
        return file

    return write


def test_a_block_has_its_page_line_section_and_language(page):
    file = page("# One\n\n```sh\nls\n```\n\n## Two\n\n- in a list\n\n  ```yaml\n  a: 1\n    b\n  ```\n")
    assert [(each.line, each.section, each.language, each.text) for each in pages.blocks(file)] == [
        (4, 1, "sh", "ls\n"),
        (12, 2, "yaml", "a: 1\n  b\n"),
    ]


def test_a_block_that_does_not_end_is_refused(page):
    with pytest.raises(AssertionError, match=r"page0\.md:1"):
        pages.blocks(page("```sh\nls\n"))


def test_a_heading_within_a_block_is_a_comment(page):
    file = page("```sh\n# this\nls\n```\n\n```sh\npwd\n```\n")
    assert {each.section for each in pages.commands(file)} == {0}


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("a\n\n# why\nb # so\n", [(0, "a"), (3, "b # so")]),
        ("a \\\n  b\nc", [(0, "a \\\n  b"), (2, "c")]),
        ("a |\n  b\n", [(0, "a |\n  b")]),
        ("a &&\n  b\n", [(0, "a &&\n  b")]),
        ("cat >f <<'END'\nx\n\n# y\nEND\nls\n", [(0, "cat >f <<'END'\nx\n\n# y\nEND"), (5, "ls")]),
        ("for a in b; do\n  c\ndone\n", [(0, "for a in b; do\n  c\ndone")]),
    ],
)
def test_a_script_is_split_into_its_commands(text, commands):
    assert split(text) == commands


def test_the_lines_after_a_prompt_are_commands(page):
    assert [each.text for each in pages.commands(page("```text\n$ edged status\nstate IDLE\n```\n"))] == [
        "edged status"
    ]
    assert not pages.commands(page("```text\nedged status\n```\n"))


def test_a_span_may_continue_on_the_next_line_and_blocks_have_none(page):
    file = page("Do `edged\nstatus` and ``a`b``.\n\n```sh\n`ls`\n```\n")
    assert [(each.line, each.text) for each in pages.spans(file)] == [(1, "edged status"), (2, "a`b")]


@pytest.mark.parametrize(
    "text",
    [
        "Run:\n\n    edged status\n",
        "Run:\n\n\tls\n",
        "> ```sh\n> edged status\n> ```\n",
        ">     edged status\n",
        "<pre>\nedged status\n</pre>\n",
        "Run <code>edged status</code>.\n",
    ],
)
def test_code_that_the_parser_does_not_read_is_found(page, text):
    assert pages.unread(page(text))


def test_lists_and_blocks_are_no_unread_code(page):
    assert not pages.unread(page("1. Do\n\n    this:\n\n    ```sh\n    ls\n    ```\n"))
    assert not pages.unread(page("```sh\nif x; then\n\n    <code\nfi\n```\n\n> Quoted.\n"))


@pytest.mark.parametrize(
    "text",
    ["edged dance", "A=1 edged dance", "cd x && edged dance", "cat x | sudo edged dance", "./scripts/x"],
)
def test_a_span_with_a_command_of_ours_is_known(text):
    assert OURS.match(text)
    assert fault(text)


@pytest.mark.parametrize("text", ["edged.service", "/opt/edged/current", "Install edged here? [Y/n]"])
def test_another_span_is_not_taken_for_a_command(text):
    assert not OURS.match(text)


def test_a_bare_command_has_no_comment_and_no_continuation_lines(tmp_path):
    assert Command(tmp_path, 1, 0, "a '#b' \\\n  c  # d").bare == "a '#b' c"


@pytest.mark.parametrize(
    "text",
    [
        "edged status --json",
        "edged ctl",
        "sudo -u edged edged config check FILE",
        ".venv/bin/edged serve --port 0",
        "EDGED_LOG__LEVEL=debug edged run",
        "scripts/demo --keyboard",
        "scripts/test types tests",
        "scripts/bench audio --json",
        "sudo scripts/install.sh --unattended --config kiosk.yaml",
        "cd dist && sha256sum -c SHA256SUMS &&\n  sudo ./install.sh --wheelhouse wheelhouse",
        "systemctl show -p NRestarts edged",
        "journalctl -u edged -o json MESSAGE_ID=4dca1fd75e4c4f1c8a6c52a5ff5d1001 | grep x >y",
        "journalctl -t edged EDGED_CAUSE=key_refused",
        "sudo tee f <<'END'\n[dance]\nEND\nedged status",
    ],
)
def test_a_command_that_exists_has_no_fault(text):
    assert fault(text) == ""


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("edged dance", "dance"),
        ("edged status --jsno", "--jsno"),
        ("edged serve --port many", "many"),
        ("sudo edged dance", "dance"),
        ("cat x | edged dance", "dance"),
        ("scripts/dance", "scripts/dance"),
        ("scripts/demo --keybord", "--keybord"),
        ("scripts/test types dance", "dance"),
        ("scripts/bench dance", "dance"),
        ("sudo scripts/install.sh --key-file key.txt", "--key-file"),
        ("systemctl dance edged", "dance"),
        ("systemctl status edgd", "edgd"),
        ("journalctl -u edgd", "edgd"),
        ("journalctl MESSAGE_ID=4dca1fd75e4c4f1c8a6c52a5ff5dffff", "ffff"),
        ("journalctl EDGED_CAUSE=dance", "dance"),
        ("tee f <<END\ndance\nEND\nedged dance", "dance"),
        ("dance", "PROGRAMS"),
        ("cat 'x", "no shell"),
    ],
)
def test_a_fault_names_what_does_not_exist(text, what):
    assert what in fault(text)


def test_a_placeholder_is_a_word_in_capitals():
    assert (
        filled("edged config check FILE --set KEY=VALUE") == "edged config check kiosk.yaml --set KEY=VALUE"
    )
    assert filled("echo 'PUT-NAME-HERE' $NAME EDGED_NAME") == "echo 'PUT-NAME-HERE' $NAME EDGED_NAME"


def of(text: str, page):
    commands = pages.commands(page(text))
    return {each.text for each in for_machine(commands)}


def test_a_page_whose_first_command_needs_a_kiosk_runs_there(page):
    assert of("```sh\nsystemctl status edged\n```\n# Two\n```sh\nedged status\n```\n", page) == {
        "systemctl status edged",
        "edged status",
    }


def test_a_command_that_enters_the_folder_does_not_decide_for_the_page(page):
    text = "```sh\ncd edged\n```\n# Two\n```sh\nsudo scripts/install.sh\n```\n# Three\n```sh\nls\n```\n"
    assert of(text, page) == {"cd edged", "sudo scripts/install.sh", "ls"}


def test_on_another_page_the_sections_that_use_sudo_run_there(page):
    text = (
        "```sh\nls\n```\n# Two\n```sh\nsudo scripts/install.sh\nedged status\n```\n# Three\n```sh\npwd\n```\n"
    )
    assert of(text, page) == {"sudo scripts/install.sh", "edged status"}


def test_the_laptop_has_the_packages_of_every_environment_that_lends_its_own():
    lent = "/somewhere/lib/python3.11/site-packages"
    found = packages(["", "/usr/lib/python3.11", lent, *sys.path])
    assert lent in found
    assert sysconfig.get_path("purelib") in found
    assert "/usr/lib/python3.11" not in found
    assert packages([]) == list(dict.fromkeys((sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))))
