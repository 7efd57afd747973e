"""The bench tells the truth: one seed gives the same figures, traces mean what the page says, and the limits hold."""

from pathlib import Path
from random import Random

import pytest

from instruments.bench.playout import families, kept_apart, traces
from instruments.bench.playout.__main__ import FIXED_MS, SHIPPED, drawn
from instruments.bench.playout.arrivals import answer
from instruments.bench.playout.draw import picture
from instruments.bench.playout.listening import MODELS, Met, Speaker, edged, fixed, oracle
from instruments.bench.playout.report import figures

ALL = families.FAMILIES | kept_apart.FAMILIES
MOST_REGRET_MS = 40


def regret(answers, seed=1):
    def met(play):
        return figures(play(answers, Random(f"{seed}/phase")))

    return met(edged).J - min(met(fixed(ms)).J for ms in FIXED_MS)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["duplex 1x", "wifi 1.3x", "slow 0.93x"])
def test_the_same_seed_gives_the_same_figures(name):
    first, again, other = (drawn(ALL[name], name, seed, 8) for seed in (1, 1, 2))
    assert first == again != other
    assert edged(first, Random(3)) == edged(again, Random(3))


def test_a_clean_answer_starts_with_the_first_block_and_has_no_gap():
    met = Speaker(prebuffer_ms=0).hear(answer([(0, 100), (90, 100), (180, 60)]), phase=7)
    assert met == Met(delay=7, length=260)


def test_a_gap_is_counted_as_long_as_it_is_heard():
    met = Speaker(prebuffer_ms=0).hear(answer([(0, 100), (205, 400)]), phase=0)
    assert met.delay == 0
    # the buffer holds 100 ms, less the fade, until the block at 220 ms
    assert met.gaps == (pytest.approx(120, abs=6),)
    assert met.stretched == 0  # the answer is complete


@pytest.mark.parametrize("name", MODELS)
def test_every_model_plays_everything_and_none_beats_the_oracle(name):
    answers = drawn(families.FAMILIES["lte 1.5x"], "lte", 4, 30)
    met = MODELS[name](answers, Random(1))
    best = oracle(answers, Random(1))
    assert [each.length for each in met] == [each.length for each in answers]
    for mine, its in zip(met, best, strict=True):
        assert mine.delay >= 0
        if not mine.gaps:
            assert mine.delay >= its.delay - 100  # the phase of a block


def test_the_demo_waits_for_three_deltas_once_per_session():
    even = [answer([(n * 100, 100) for n in range(10)])] * 21
    delays = [each.delay for each in MODELS["model: agents demo"](even, Random(1))]
    assert [n for n, delay in enumerate(delays) if delay >= 200] == [0, 20]


# Traces


def read(tmp_path, text):
    path = tmp_path / "line.txt"
    path.write_text(text)
    return traces.read(path)


def test_a_trace_is_read_as_the_page_says(tmp_path):
    first, second, third = read(
        tmp_path,
        "# edged arrivals 1\n1000 100\n1104 100\n1231 62.5\n1235 0\n\n0 200 # a note\n# next\n5,20\n9\t20\n",
    )
    assert first == answer([(0, 100), (104, 100), (231, 62.5)], 235)
    assert second == answer([(0, 200)])
    assert third == answer([(5, 20), (9, 20)])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no answers"),
        ("0 100\n1 2 3\n", ":2: '1 2 3' is not two numbers"),
        ("0 soon\n", ":1: '0 soon' is not two numbers"),
        ("100 20\n90 20\n", ":2: 90 ms is before the line above"),
        ("0 20\n20 0\n40 20\n", ":2: a delta without sound"),
        ("0 0\n", ":1: a delta without sound"),
        ("0 -20\n", ":1: -20 ms of sound"),
        ("0 nan\n", ":1: nan ms of sound"),
    ],
)
def test_a_file_that_is_not_a_trace_is_refused_with_its_line(tmp_path, text, words):
    with pytest.raises(traces.TraceError) as raised:
        read(tmp_path, text)
    assert words in str(raised.value)


QUICK = {"realtime-100ms"}  # each of the others takes as long as a hundred quick tests


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=path.stem, marks=() if path.stem in QUICK else pytest.mark.slow)
        for path in sorted(SHIPPED.glob("*.txt"))
    ],
)
def test_a_recorded_link_costs_hardly_more_than_its_best_prebuffer(path):
    answers = traces.read(path)
    assert len(answers) >= 10
    assert regret(answers) <= MOST_REGRET_MS


# The limits


@pytest.mark.hours
@pytest.mark.parametrize("name", ["short", "duplex 1x"])
def test_no_family_costs_much_more_than_its_best_prebuffer(name):
    assert regret(drawn(ALL[name], name, 7, 40)) <= MOST_REGRET_MS


NIGHTLY = pytest.param(100, marks=pytest.mark.nightly)


@pytest.mark.hours
@pytest.mark.parametrize("answers", [50, NIGHTLY])
@pytest.mark.parametrize("name", ALL)
def test_no_family_at_all_costs_much_more_than_its_best_prebuffer(name, answers):
    assert regret(drawn(ALL[name], name, 8, answers)) <= MOST_REGRET_MS


@pytest.mark.hours
def test_a_server_slower_than_real_time_makes_at_most_one_gap_per_minute():
    answers = drawn(families.FAMILIES["slow 0.9x"], "slow", 9, 60)
    assert figures(edged(answers, Random(1))).gaps_min <= 1


def test_the_picture_shows_every_family():
    one = figures([Met(10, 1000)])
    drawing = picture(
        {name: dict.fromkeys(["edged", "best fixed", "fixed 320", *MODELS], one) for name in ("a<b", "c")}
    )
    assert drawing.startswith("<svg")
    assert "a&lt;b" in drawing
    assert drawing.count("<circle") == 6 + 2 * 6


def test_the_traces_of_this_page_are_there():
    assert {path.suffix for path in Path(SHIPPED).iterdir()} <= {".txt", ".md"}
    assert [*SHIPPED.glob("*.txt")]
