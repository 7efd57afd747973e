"""The command line of the embedded service: what it accepts, and the errors for the rest."""

import socket

import pytest

from edged.cli import main
from edged.cli.serve import LIKE
from edged.errors import EXIT_CONFIG, EXIT_USAGE
from edged.wire import Dialect


class Recorder:
    """A server that never serves; `asked` holds the arguments of the last one."""

    def __init__(self, **options):
        Recorder.asked = options

    async def __aenter__(self):
        raise OSError(13, "no service today")

    async def __aexit__(self, *_):
        """Never entered."""


@pytest.fixture
def asked(monkeypatch):
    """The arguments that the server gets for these words on the command line."""
    monkeypatch.setattr("edged.local.server.LocalServer", Recorder)

    def run(*words):
        assert main(["serve", *map(str, words)]) == EXIT_USAGE
        return Recorder.asked

    return run


def test_a_key_file_has_a_key_a_line(asked, tmp_path):
    file = tmp_path / "keys"
    file.write_text("# for the tests: sk-0\n\nsk-1\n  sk-2 \n#sk-3\n")
    door = asked("--key-file", file)["door"]
    assert [n for n in range(4) if door.lets_in((f"sk-{n}",), 0)] == [1, 2]
    assert not any(door.lets_in((word,), 0) for word in ("#", "for", "the", "tests:", "", "#sk-3"))
    assert not door.lets_in((), 0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "contains no key"),
        ("\n  \n# sk-1\n", "contains no key"),
        ("sk-1\nsk 2\n", "keys:2: a key must not contain spaces"),
        (b"\xff\xfe", "keys"),
        (None, "keys"),
    ],
)
def test_a_key_file_without_a_good_key_lets_nobody_in(text, words, tmp_path, capsys):
    file = tmp_path / "keys"
    if text is not None:
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert main(["serve", "--port", "0", "--key-file", str(file)]) == EXIT_CONFIG
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        (["--pace", "0"], "pace", 0.0),
        (["--delta-ms", "1"], "delta_ms", 1),
        (["--think-ms", "600000"], "think_ms", 600_000.0),
        (["--session-s", "0.5"], "session_s", 0.5),
        (["--port", "65535"], "port", 65_535),
        (["--fault", "drop", "--fault", "deaf"], "fault_lines", ("drop", "deaf")),
        ([], "url_faults", False),
        (["--url-faults"], "url_faults", True),
    ],
)
def test_what_may_be_set(asked, words, name, value):
    assert asked(*words)[name] == value


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--delta-ms", "0"),
        ("--delta-ms", "1.5"),
        ("--session-s", "nan"),
        ("--session-s", "0"),
        ("--pace", "nan"),
        ("--pace", "-1"),
        ("--pace", "inf"),
        ("--think-ms", "nan"),
        ("--think-ms", "-1"),
        ("--port", "99999"),
        ("--port", "-1"),
        ("--port", "http"),
    ],
)
def test_what_may_not_be_set_is_said_in_words(option, value, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["serve", f"{option}={value}"])
    assert ended.value.code == EXIT_USAGE
    assert f"argument {option}: {value!r} is no" in capsys.readouterr().err


def test_a_port_that_is_taken_is_said_in_words_and_may_be_tried_again(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["serve", "--port", str(taken.getsockname()[1])]) == 1
    said = capsys.readouterr().err
    assert said.startswith("edged serve: cannot listen: ")
    assert "--port" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("words", [["--fault", "explode"], ["--fault", "huge:100000"], ["--host", "0.0.0.0"]])
def test_a_bad_configuration_is_one(words, capsys):
    assert main(["serve", "--port", "0", *words]) == EXIT_CONFIG
    assert words[0] in capsys.readouterr().err


def test_another_service_is_imitated_with_its_own_dialects_and_limits(asked):
    options = asked("--like", "qwen")
    assert (options["like"], options["session_s"]) == ("qwen", None)
    assert asked()["like"] == ""


def test_the_options_take_precedence_over_the_service(asked):
    options = asked("--like", "openai", "--speaks", "beta", "--refuse-by", "http", "--session-s", "60")
    door = options["door"]
    assert (options["session_s"], door.speaks, door.refuses_by) == (60, (Dialect.BETA,), "http")


def test_the_services_are_named_in_the_help_and_if_there_is_no_such_service(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "1000")
    with pytest.raises(SystemExit):
        main(["serve", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--like", "nobody"])
    said = capsys.readouterr().err
    assert ended.value.code == EXIT_USAGE
    for name in LIKE:
        assert name in shown
        assert name in said


@pytest.mark.parametrize(("like", "speaks", "has"), [("xai", "beta", "ga"), ("qwen", "ga", "beta")])
def test_a_dialect_that_the_imitated_service_does_not_have_is_refused_at_the_start(like, speaks, has, capsys):
    assert main(["serve", "--like", like, "--speaks", speaks]) == EXIT_CONFIG
    assert f"--speaks {speaks}: {like} speaks {has} only" in capsys.readouterr().err
