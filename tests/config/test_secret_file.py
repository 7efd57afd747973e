"""Secrets of the companion: where they are read, and what is said of a file that holds none."""

from pathlib import Path

import pytest

from edged.config.secret_file import passed_file, secret_file
from edged.errors import ConfigError
from tests.config.test_credential import Files

KEY = "companion.page.token_file"
AT_HOME = "/etc/edged/credentials/page-token"
UNIT = {"CREDENTIALS_DIRECTORY": "/run/c"}
FILES = Files(
    {"/t": " a-token\n", AT_HOME: "at-home", "/run/c/page-token": "passed", "/run/e/page-token": "\n"}
)
ABSENT = (
    "does not exist, or is empty (write the secret into it: one line, mode 0600; then restart the companion)"
)


def refused(path, env=None, files=FILES, **more):
    with pytest.raises(ConfigError) as caught:
        secret_file(KEY, path, env or {}, files, **more)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("path", "env", "secret"),
    [
        ("/t", {}, "a-token"),
        ("/t", UNIT, "a-token"),  # a file elsewhere is read where it is
        (AT_HOME, {}, "at-home"),
        (AT_HOME, UNIT, "passed"),
    ],
)
def test_it_is_the_text_of_the_file_or_of_what_the_unit_passes(path, env, secret):
    found = secret_file(KEY, path, env, FILES)
    assert found.reveal() == secret
    assert secret not in f"{found} {found!r}"


def test_without_a_file_there_is_none():
    assert secret_file(KEY, "", UNIT, FILES) is None


def test_a_file_for_a_library_is_found_at_the_same_place():
    key = "/etc/edged/credentials/mqtt-key"
    assert passed_file(key, UNIT) == Path("/run/c/mqtt-key")
    assert passed_file(key, {}) == Path(key)
    assert passed_file("/home/me/mqtt-key", UNIT) == Path("/home/me/mqtt-key")


@pytest.mark.parametrize(
    "env", [{"CREDENTIALS_DIRECTORY": "/run/nothing"}, {"CREDENTIALS_DIRECTORY": "/run/e"}]
)
def test_a_file_that_was_not_there_at_the_start_is_said_to_be_missing(env):
    """The unit passes an empty text in its place."""
    assert refused(AT_HOME, env) == f"{KEY}: {AT_HOME} {ABSENT}"


def test_a_file_that_is_missing_is_named_with_what_to_write_and_where_the_setting_is():
    assert refused("/no", origins={KEY: "c.yaml:4:17"}) == f"c.yaml:4:17: {KEY}: /no {ABSENT}"


ONE_LINE = "write the secret on one line, without spaces"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", f"/f: {ONE_LINE}"),
        ("  \n", f"/f: {ONE_LINE}"),
        ("hidden word", f"/f: {ONE_LINE}"),
        ("hidden\nhidden", f"/f: {ONE_LINE}"),
        (PermissionError(13, "Permission denied"), "/f cannot be read: Permission denied"),
        (IsADirectoryError(21, "Is a directory"), "/f cannot be read: Is a directory"),
        (UnicodeDecodeError("utf-8", b"hidden\xff", 6, 7, "bad"), "/f cannot be read: it is not text"),
    ],
)
def test_what_is_no_secret_is_refused_and_not_repeated(content, said):
    problem = refused("/f", files=Files({"/f": content}))
    assert problem == f"{KEY}: {said}"
    assert "hidden" not in problem


@pytest.mark.parametrize("content", ["hidden\x07", "h\u00efdden", "hidden" * 4000])
def test_a_secret_with_odd_characters_is_refused_and_not_repeated(content):
    problem = refused("/f", files=Files({"/f": content}))
    assert problem.startswith(f"{KEY}: /f: it ")
    assert "dden" not in problem


def test_a_real_file_is_read_and_only_its_beginning(tmp_path):
    (tmp_path / "t").write_text("a-token\n")
    assert secret_file(KEY, str(tmp_path / "t"), {}).reveal() == "a-token"
    (tmp_path / "b").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="it is not text"):
        secret_file(KEY, str(tmp_path / "b"), {})
