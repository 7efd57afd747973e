"""Where the key comes from."""

from pathlib import Path

import pytest

from edged.config import check_key, load, read_text, resolve_key
from edged.errors import ConfigError


class Files(dict):
    """A disk: path -> text, or the error that reading gives."""

    def __call__(self, path):
        found = self.get(str(path), FileNotFoundError(2, "No such file"))
        if isinstance(found, Exception):
            raise found
        return found


def config(*sets):
    return load(None, env={}, sets=[f"provider.{it}" for it in sets]).config


def refused(*args, **kwargs):
    with pytest.raises(ConfigError) as caught:
        resolve_key(*args, **kwargs)
    (problem,) = caught.value.problems
    return problem


FILES = Files({"/k": "from-file\n", "/run/c/api-key": "from-systemd\n"})
FILES |= {"/run/d/edged_api-key": "from-directory"}
FILES |= {"/run/both/api-key": "decrypted", "/run/both/edged_api-key": "plain"}
ENV = {"CREDENTIALS_DIRECTORY": "/run/c", "KEY": " from-env "}
INLINE = "api_key=from-config"


@pytest.mark.parametrize(
    ("sets", "env", "key"),
    [
        (["api_key_file=/k", "api_key_env=KEY", INLINE], ENV, "from-file"),
        (["api_key_env=KEY", INLINE], ENV, "from-systemd"),
        (["api_key_env=KEY", INLINE], {"KEY": "from-env"}, "from-env"),
        (["api_key_env=KEY"], {"CREDENTIALS_DIRECTORY": "/run/d", "KEY": "k"}, "from-directory"),
        (["api_key_env=KEY"], {"CREDENTIALS_DIRECTORY": "/run/both", "KEY": "k"}, "decrypted"),
        ([INLINE], {}, "from-config"),
        ([INLINE], {"CREDENTIALS_DIRECTORY": "/run/empty"}, "from-config"),
    ],
)
def test_the_first_place_that_is_named_holds_the_key(sets, env, key):
    assert resolve_key(config(*sets), env, FILES).reveal() == key


def test_no_place_named_is_no_key():
    assert resolve_key(config(), {}, FILES) is None


@pytest.mark.parametrize("key", ["QUJDREVGR0g=", "a=b", "abc==", "k:v", "Zm9v+/=", "sk-proj-A_b-C"])
def test_a_key_with_such_characters_is_one(key):
    assert resolve_key(config("api_key_env=KEY"), {"KEY": key}, FILES).reveal() == key


def test_the_mark_that_some_editors_write_before_a_text_is_not_part_of_the_key():
    assert resolve_key(config("api_key_file=/f"), {}, Files({"/f": "\ufeffsk-1\r\n"})).reveal() == "sk-1"


def test_a_file_with_a_key_can_be_checked_before_it_is_used(tmp_path):
    path = tmp_path / "key.txt"
    assert check_key(path) == [f"{path} cannot be read: No such file or directory"]
    path.write_text("sk-1\n")
    assert check_key(path) == []
    for wrong in ("sk-1".encode("utf-16"), b"\xe9\xe9", b"KEY=sk-LEAK", b""):
        path.write_bytes(wrong)
        (problem,) = check_key(path)
        assert problem.startswith(str(path))
        assert "LEAK" not in problem
        assert "write" in problem


def test_blanks_around_a_key_are_not_part_of_it():
    assert resolve_key(config("api_key_env=KEY"), {"KEY": " k\r\n"}, FILES).reveal() == "k"


BAD_FILES = {
    "missing": (None, "/f does not exist (write the key into it: one line, mode 0600)"),
    "hidden": (PermissionError(13, "denied"), "this user may not read /f"),
    "broken disk": (OSError(5, "Input/output error"), "/f cannot be read: Input/output error"),
    "binary": (UnicodeDecodeError("utf-8", b"LEAK", 0, 1, "x"), "/f does not contain text"),
    "empty": (" \n", "/f is empty"),
    "two lines": ("sk-LEAK\nsk-LEAK2\n", "/f contains more than a key (write one line, without spaces)"),
    "a sentence": ("my key is sk-LEAK", "/f contains more than a key (write one line, without spaces)"),
    "a variable": (
        "OPENAI_API_KEY=sk-LEAK",
        "/f begins with a name or a word before the key (write the key alone)",
    ),
    "an exported one": ("export KEY='sk-LEAK'\n", "/f begins with a name or a word before the key"),
    "with blanks": ("KEY = sk-LEAK", "/f begins with a name or a word before the key"),
    "small letters": ("api_key=sk-LEAK", "/f begins with a name or a word before the key"),
    "YAML": ("api-key: sk-LEAK", "/f begins with a name or a word before the key"),
    "a header": ("Authorization: Bearer sk-LEAK", "/f begins with a name or a word before the key"),
    "a scheme": ("Bearer sk-LEAK", "/f begins with a name or a word before the key"),
    "the example of a page": ("PUT-YOUR-KEY-HERE\n", "/f has an example in place of the key"),
    "an example in brackets": ("<your_api_key>", "/f has an example in place of the key"),
    "quoted": ('"sk-LEAK"\n', "/f has the key in quotation marks (write it without them)"),
    "single quotes": ("'sk-LEAK'", "/f has the key in quotation marks (write it without them)"),
    "an editor's quotes": ("\u201csk-LEAK\u201d", "/f has the key in quotation marks"),
    "UTF-16 without a mark": ("s\0k\0-\0L\0", "/f contains no key: it has characters that no secret has"),
    "beyond ASCII": ("sk-LEAKé", "/f contains no key: it has characters that no secret has"),
    "the mask": ("********", "/f contains no key: it is the row of asterisks"),
    "endless": ("x" * 5000, "/f contains no key: it has 5000 characters"),
}


@pytest.mark.parametrize(("content", "words"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_key_file_without_a_key_is_told_with_its_remedy(content, words):
    files = Files() if content is None else Files({"/f": content})
    problem = refused(config("api_key_file=/f"), {}, files)
    assert problem.startswith(f"provider.api_key_file: {words}")
    assert "LEAK" not in problem


@pytest.mark.parametrize("text", ["OPENAI_API_KEY=sk-LEAK", "'sk-LEAK'", "Bearer sk-LEAK"])
def test_a_key_in_the_configuration_itself_is_judged_in_the_same_way(text):
    problem = refused(config(f'api_key="{text}"'), {}, Files({}))
    assert problem.startswith("provider.api_key: ")
    assert "LEAK" not in problem


KEPT = "api_key_file=/etc/edged/credentials/"


def test_a_file_where_the_keys_are_kept_is_taken_as_systemd_hands_it_over():
    files = FILES | {"/etc/edged/credentials/api-key": PermissionError(13, "denied")}
    files = Files(files | {"/run/d/edged_second": "the-second"})
    for folder, name, key in [
        ("/run/c", "api-key", "from-systemd"),
        ("/run/d", "api-key", "from-directory"),
        ("/run/d", "second", "the-second"),
        ("/run/both", "api-key", "decrypted"),
    ]:
        assert resolve_key(config(KEPT + name), {"CREDENTIALS_DIRECTORY": folder}, files).reveal() == key
    problem = refused(config(KEPT + "api-key"), {"CREDENTIALS_DIRECTORY": "/run/empty"}, files)
    assert "was not there when edged started" in problem


def test_a_user_who_checks_the_configuration_is_told_to_do_so_as_root():
    files = Files({"/etc/edged/credentials/api-key": PermissionError(13, "denied")})
    assert "use sudo" in refused(config(KEPT + "api-key"), {}, files)


def test_a_file_elsewhere_is_read_where_it_is():
    assert resolve_key(config("api_key_file=/k"), ENV, FILES).reveal() == "from-file"


def test_root_reads_it_where_it_lies():
    files = Files({"/etc/edged/credentials/api-key": "k"})
    for env in ({}, {"CREDENTIALS_DIRECTORY": "/run/empty"}):
        assert resolve_key(config(KEPT + "api-key"), env, files).reveal() == "k"


def test_a_problem_says_where_the_file_was_named():
    loaded = load(None, env={}, sets=["provider.api_key_file=/f"])
    assert refused(loaded.config, {}, Files(), loaded.origins).startswith(
        "--set: provider.api_key_file: /f does"
    )


def test_a_variable_that_is_not_set_is_told():
    assert "the variable KEY is not set" in refused(config("api_key_env=KEY"), {}, FILES)


def test_an_unreadable_credential_of_systemd_is_told():
    files = Files({"/run/c/api-key": PermissionError(13, "denied")})
    assert "LoadCredential=" in refused(config(), ENV, files)


def test_a_credential_does_not_cross_the_network_in_clear():
    problem = refused(config("url=ws://192.168.1.5/"), ENV, FILES)
    assert problem.startswith("provider.url: a key would cross the network unencrypted")


def test_within_the_machine_it_may():
    assert resolve_key(config("url=ws://127.0.0.1:1/"), ENV, FILES).reveal() == "from-systemd"


def test_the_reader_for_life_reads_the_beginning(tmp_path):
    file = tmp_path / "key"
    file.write_text("k" * 10_000)
    assert read_text(file) == "k" * 8192
    with pytest.raises(FileNotFoundError):
        read_text(Path(tmp_path / "none"))
