"""How much the log writes: lines that outsiders cause are written up to a limit, and then counted."""

import logging
import re

import pytest

from edged.system.news import USUAL, NewsFilter
from edged.system.repeats import MOST, MOST_KINDS
from edged.turn import Event

MINUTE = 60_000
HOUR = 60 * MINUTE
COUNT = re.compile(r"\((\d+) more since the last line of this kind\)$")


class Journal(logging.Handler):
    """Return what passes the filter, with a clock that the test moves."""

    def __init__(self):
        super().__init__()
        self.now_ms, self.lines, self.stacks = 0, [], 0
        self.addFilter(NewsFilter(lambda: self.now_ms))

    def emit(self, record):
        self.lines.append(record.getMessage())
        self.stacks += record.exc_info is not None


@pytest.fixture
def journal():
    journal, log = Journal(), logging.getLogger("edged.test_news")
    log.addHandler(journal)
    log.setLevel(logging.DEBUG)
    log.propagate = False
    yield journal
    log.propagate = True
    log.removeHandler(journal)


log = logging.getLogger("edged.test_news")


def refused(code, **fields):
    log.warning("refused with %d", code, extra={"edged": fields} if fields else None)


def counted(lines):
    """Return how many lines these stand for."""
    return len(lines) + sum(int(found[1]) for line in lines if (found := COUNT.search(line)))


@pytest.mark.slow
@pytest.mark.parametrize("every_ms", [100, 1000, 10_000])
def test_what_anybody_can_bring_about_is_told_a_few_times_and_then_counted(journal, every_ms):
    for journal.now_ms in range(0, 30 * MINUTE, every_ms):
        refused(401)
    assert journal.lines[: USUAL.most] == ["refused with 401"] * USUAL.most
    assert len(journal.lines) <= 16
    journal.now_ms = 36 * MINUTE
    refused(401)
    assert counted(journal.lines) == 30 * MINUTE // every_ms + 1


def test_the_first_of_a_kind_is_told_whatever_else_is_going_on(journal):
    for _ in range(1000):
        refused(401, status=401)
    refused(403, status=403)
    assert journal.lines[-1] == "refused with 403"


def test_a_place_in_the_code_is_a_kind_whatever_it_says(journal):
    for n in range(1000):
        log.info(f"client {n} has come")
    log.info("and now %s", "something else")
    assert len(journal.lines) == USUAL.most + 1
    assert journal.lines[-1] == "and now something else"


def test_several_places_that_tell_of_one_trouble_share_its_lines(journal):
    for _ in range(10):
        log.warning("lost", extra={"edged": {"cause": "offline"}})
        log.warning("lost again", extra={"edged": {"cause": "offline"}})
    assert len(journal.lines) == MOST


def test_the_stack_of_a_bug_that_repeats_itself_is_told_twice_an_hour_and_another_one_at_once(journal):
    def bug(error):
        log.error("a bug", exc_info=error)

    for journal.now_ms in range(0, HOUR, 1000):
        bug(ValueError())
    bug(KeyError())
    assert (len(journal.lines), journal.stacks) == (3, 3)


@pytest.mark.slow
def test_kinds_that_somebody_outside_makes_up_are_bounded(journal):
    for n in range(10_000):
        log.warning("service: %d", n, extra={"edged": {"code": f"made up {n}"}})
    assert len(journal.lines) <= MOST_KINDS + MOST


@pytest.mark.parametrize("level", [logging.DEBUG, logging.CRITICAL])
def test_what_was_asked_for_and_what_ends_the_process_is_written_as_it_comes(journal, level):
    for _ in range(100):
        log.log(level, "frame")
    assert len(journal.lines) == 100


def test_what_a_kiosk_did_when_it_was_stopped_is_told_however_much_went_before(journal):
    for by in [*["PRESS"] * 100, Event.STOP.name]:
        log.info("turn: %s", by, extra={"edged": {"state": "B", "was": "A", "by": by}})
    assert journal.lines[-1] == "turn: STOP"


@pytest.mark.slow
def test_a_button_that_is_mashed_for_half_an_hour_leaves_few_lines_and_the_turns_of_a_busy_day_all_of_theirs(
    journal,
):
    def changed(by):
        log.info("turn: %s: %s -> %s", by, "A", "B", extra={"edged": {"state": "B", "was": "A", "by": by}})

    def ended(outcome):
        log.info("turn 1: %s", outcome, extra={"edged": {"event": "turn", "outcome": outcome}})

    for journal.now_ms in range(0, 30 * MINUTE, 200):
        for by in ("PRESS", "RELEASE", "TIMED_OUT"):
            changed(by)
        ended("unanswered")
    assert len(journal.lines) <= 55
    journal.lines.clear()
    for number, journal.now_ms in enumerate(range(30 * MINUTE, 24 * HOUR, MINUTE // 2)):
        ended("interrupted" if number % 2 else "answered")
    assert len(journal.lines) == (24 * 60 - 30) * 2


def test_visitors_who_interrupt_all_the_time_for_half_an_hour_leave_less_than_a_hundred_lines(journal):
    for journal.now_ms in range(0, 30 * MINUTE, 2000):
        for by in ("PRESS", "RELEASE", "TIMED_OUT"):
            log.info("turn: %s", by, extra={"edged": {"state": "B", "was": "A", "by": by}})
        outcome = "interrupted" if journal.now_ms % 4000 else "answered"
        log.info("turn 1: %s", outcome, extra={"edged": {"event": "turn", "outcome": outcome}})
    assert 60 < len(journal.lines) < 95


def test_a_count_is_told_of_words_that_could_be_taken_for_a_format(journal):
    for journal.now_ms in (*range(USUAL.most + 1), HOUR):
        log.warning("100 % sure")
    assert journal.lines[-1] == "100 % sure (1 more since the last line of this kind)"


def test_arguments_that_do_not_fit_are_left_to_the_journal(journal):
    filtered = NewsFilter(lambda: journal.now_ms)
    record = logging.LogRecord("foreign", logging.INFO, "x", 1, "%d %d", ("no",), None)
    for journal.now_ms in (*range(USUAL.most + 1), HOUR):
        passed = filtered.filter(record)
    assert passed
    assert record.args == ("no",)
