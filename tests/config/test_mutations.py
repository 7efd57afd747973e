"""If one token of the file changes in any way, it still loads or the answer is a list of problems."""

from pathlib import Path
from random import Random

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from edged.config import load
from edged.config.keys import KEYS
from edged.errors import ConfigError
from tests.effort import examples

TEXT = (Path(__file__).parents[2] / "config.yaml").read_text()
WORDS = r"""
~ null on no true 012 1:30 0x - -1 1e999 .inf .nan 2001-01-01
" ' "" "\ud800" "\UFFFFFFFF" "\x00" { } {} [ ] [] : :: , ?
# &a *a ! !!python/none !< % @ ` | > |9 >- --- ... << =
wss://[ ws://h:99999/ http:// / ~/x sk-x ********
"""
NASTY = (
    *WORDS.split(),
    *("", " ", "- ", ": ", " #", "? ", "\t", "\n", "\n  ", "\r"),
    *("\x00", "\x85", "\u2028", "\ufeff", "\U0001f600"),
    "9" * 5000,
    "a" * 2000,
    "\u0663",  # a digit to Python, not to YAML
)


def token_spans(text):
    """The positions of the tokens, without comments."""
    spans = {(token.start_mark.index, token.end_mark.index) for token in yaml.scan(text)}
    return sorted(span for span in spans if span[0] < span[1])


def problems_of(path, **sources):
    """The problems that load() raises, or None. Any other exception ends the test."""
    try:
        load(path, **({"env": {}} | sources))
    except ConfigError as error:
        return error.problems
    return None


def outcome(path, text):
    """`valid` or `refused`. Each line of a refusal must name the file."""
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    problems = problems_of(path)
    if problems is None:
        return "valid"
    assert problems
    for problem in problems:
        assert problem.startswith(str(path)), problem
        assert problem.isprintable(), problem
    return "refused"


def bare(text):
    """The text without comments and empty lines: these are not tokens and cost time."""
    lines = (line.split(" #")[0].rstrip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("#")) + "\n"


def sections():
    """The sections of the file, each as a file of its own: a small file loads in a tenth of the time."""
    head, *rest = bare(TEXT).split("\n")
    pieces = [[head]]
    for line in rest:
        if line and not line.startswith(" "):
            pieces.append([head])
        pieces[-1].append(line)
    return ["\n".join([*piece, ""]) for piece in pieces[1:]]


def mutants(text):
    for start, end in token_spans(text):
        token = text[start:end]
        yield text[:start] + text[end:]
        yield text[:end] + " " + token + text[end:]
        yield text[:end] + token + text[end:]
        for nasty in NASTY:
            yield text[:start] + nasty + text[end:]
            yield text[:start] + nasty + text[start:]
            yield text[:end] + nasty + text[end:]


SECTIONS = pytest.mark.parametrize(
    "section", sections(), ids=lambda text: text.split("\n")[1].partition(":")[0]
)


@pytest.mark.slow
@SECTIONS
def test_some_mutants_of_a_section_load_or_are_refused(tmp_path, section):
    some = Random(section).sample(list(mutants(section)), 150)
    assert {outcome(tmp_path / "c.yaml", text) for text in some} == {"valid", "refused"}


@pytest.mark.hours
@SECTIONS
def test_every_tenth_mutant_of_a_section_loads_or_is_refused(tmp_path, section):
    seen = {outcome(tmp_path / "c.yaml", text) for text in list(mutants(section))[::10]}
    assert seen == {"valid", "refused"}


@pytest.mark.nightly
@SECTIONS
def test_every_mutant_of_a_section_loads_or_is_refused(tmp_path, section):
    seen = {outcome(tmp_path / "c.yaml", text) for text in mutants(section)}
    assert seen == {"valid", "refused"}


@examples(60)
@given(st.randoms(use_true_random=False), st.sampled_from(NASTY))
def test_the_whole_file_with_one_token_changed_loads_or_is_refused(tmp_path_factory, rng, nasty):
    start, end = rng.choice(token_spans(TEXT))
    outcome(tmp_path_factory.getbasetemp() / "c.yaml", TEXT[:start] + nasty + TEXT[end:])


@examples(150)
@given(st.binary(max_size=60))
def test_any_bytes_load_or_are_refused(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "bytes.yaml"
    path.write_bytes(b"version: 1\n" + data)
    assert problems_of(path) != []


TEXTS = st.text(max_size=30)


@examples(150)
@given(st.lists(TEXTS, max_size=3), st.dictionaries(TEXTS, TEXTS))
def test_any_command_line_and_environment_load_or_are_refused(sets, env):
    problems = problems_of(None, env={f"EDGED_{name}": text for name, text in env.items()}, sets=sets)
    assert all(problem.isprintable() for problem in problems or [])


KEY_NAMES = st.sampled_from([key.name for key in KEYS.values()])


@examples(200)
@given(KEY_NAMES, st.text(max_size=30) | st.sampled_from(NASTY))
def test_any_text_for_a_key_of_the_command_line_loads_or_is_refused(key, text):
    problems = problems_of(None, sets=[f"{key}={text}"])
    assert all(problem.isprintable() for problem in problems or [])
