"""When a silent line is a dead one."""

import pytest

from edged.realtime.vigil import COMMIT_S, IDLE_S, OWED_S, PROBED_S, SLOW_S, STUCK_S, Flow, Owed, Sign, Vigil

TICK = 0.1


class Watch:
    """A vigil looked at ten times a second; what it said, and when."""

    def __init__(self):
        self.now = 0.0
        self.vigil = Vigil(self.now)
        self.signs = []

    def run(self, seconds, owed=Owed.NOTHING, flow=lambda now: Flow(0, 0)):
        end = self.now + seconds
        while self.now < end - 1e-9:
            self.now += TICK
            sign = self.vigil.look(self.now, owed, flow(self.now))
            if sign is not Sign.FINE:
                self.signs.append((round(self.now, 1), sign))
        return self

    def came(self):
        self.vigil.came(self.now)
        return self

    def first(self, sign):
        return next(at for at, each in self.signs if each is sign)


def test_an_idle_line_is_asked_for_a_sign_of_life_and_lives_on_it():
    watch = Watch()
    for _ in range(5):
        watch.run(IDLE_S + TICK).came()
    assert [sign for _, sign in watch.signs] == [Sign.PROBE] * 5


def test_an_idle_line_without_a_sign_of_life_is_dead():
    watch = Watch().run(60)
    assert watch.first(Sign.PROBE) == pytest.approx(IDLE_S, abs=0.35)
    assert watch.first(Sign.SILENT) == pytest.approx(IDLE_S + PROBED_S, abs=0.35)


@pytest.mark.parametrize("owed", [Owed.ANSWER, Owed.REST])
def test_who_owes_an_answer_is_asked_sooner(owed):
    watch = Watch().run(5).came().run(20, owed)
    assert watch.first(Sign.PROBE) == pytest.approx(5 + OWED_S, abs=0.35)
    assert watch.first(Sign.SILENT) == pytest.approx(5 + OWED_S + PROBED_S, abs=0.35)


def test_a_service_that_lives_may_think_as_long_as_it_likes():
    watch = Watch()
    for _ in range(20):
        watch.run(OWED_S + TICK, Owed.ANSWER).came()
    assert {sign for _, sign in watch.signs} == {Sign.PROBE}


def test_any_message_is_a_sign_of_life():
    watch = Watch()
    for _ in range(100):
        watch.run(1, Owed.REST).came()
    assert watch.signs == []


def test_a_service_that_lives_and_ignores_a_commit_is_deaf():
    watch = Watch().run(1)
    for _ in range(100):
        if any(sign is Sign.DEAF for _, sign in watch.signs):
            break
        watch.run(TICK, Owed.ACKNOWLEDGEMENT)
        if watch.signs and watch.signs[-1][1] is Sign.PROBE:
            watch.came()
    assert watch.first(Sign.PROBE) == pytest.approx(1 + OWED_S, abs=0.35)
    assert watch.first(Sign.DEAF) == pytest.approx(1 + COMMIT_S, abs=0.35)


def test_a_second_commit_has_its_own_time():
    watch = Watch().run(1)
    for _ in range(round((COMMIT_S - 1) / TICK)):
        watch.run(TICK, Owed.ACKNOWLEDGEMENT).came()
    watch.vigil.settled(watch.now)  # the first of two
    for _ in range(round((COMMIT_S + 0.5) / TICK)):
        watch.run(TICK, Owed.ACKNOWLEDGEMENT).came()
    assert watch.first(Sign.DEAF) == pytest.approx(1 + COMMIT_S - 1 + COMMIT_S, abs=0.35)


def test_words_about_something_else_are_no_acknowledgement():
    watch = Watch().run(1)
    for _ in range(100):
        watch.run(TICK, Owed.ACKNOWLEDGEMENT).came()
    assert Sign.PROBE in {sign for _, sign in watch.signs}
    assert watch.first(Sign.DEAF) <= 1 + COMMIT_S + 0.5


def test_a_service_that_is_gone_is_not_called_deaf():
    watch = Watch().run(1).run(20, Owed.ACKNOWLEDGEMENT)
    assert watch.first(Sign.SILENT) == pytest.approx(1 + OWED_S + PROBED_S, abs=0.35)
    assert Sign.DEAF not in {sign for _, sign in watch.signs}


def test_a_line_on_which_nothing_is_acknowledged_is_slow_then_stuck():
    watch = Watch().run(10).run(3, flow=lambda now: Flow(4000, 4000))
    assert watch.first(Sign.SLOW) <= 10 + 1.0
    assert watch.first(Sign.SLOW) == pytest.approx(10 + TICK + SLOW_S, abs=0.35)
    assert watch.first(Sign.STUCK) == pytest.approx(10 + TICK + STUCK_S, abs=0.35)


def test_a_narrow_line_is_not_a_dead_one():
    watch = Watch().run(30, Owed.ACKNOWLEDGEMENT, flow=lambda now: Flow(200_000, 200_000 - int(now * 6000)))
    assert watch.signs == []


def test_a_line_that_moves_again_is_fine_again():
    watch = Watch().run(1, flow=lambda now: Flow(4000, 4000)).run(5, flow=lambda now: Flow(4000, 0))
    assert {sign for _, sign in watch.signs} <= {Sign.SLOW}
    assert watch.run(3, flow=lambda now: Flow(8000, 4000)).first(Sign.STUCK) > 6 + 1.4


def test_the_silence_of_who_has_not_heard_the_question_says_nothing():
    """While sound is on its way for half a minute, the acknowledgement can not have come."""
    watch = Watch().run(
        30, Owed.ACKNOWLEDGEMENT, flow=lambda now: Flow(200_000, max(0, 200_000 - int(now * 7000)))
    )
    assert watch.signs == [] or watch.first(Sign.PROBE) > 28


def test_where_the_kernel_says_nothing_only_silence_counts():
    watch = Watch().run(30, flow=lambda now: None)
    assert [sign for _, sign in watch.signs][:2] == [Sign.PROBE, Sign.SILENT]


def test_where_round_trips_are_long_more_patience_is_due():
    watch = Watch().run(10).run(4, flow=lambda now: Flow(4000, 4000, 1.8))
    assert watch.first(Sign.SLOW) == pytest.approx(10 + 2.7, abs=0.35)
    assert Sign.STUCK not in {sign for _, sign in watch.signs}
    watch.run(1.5, flow=lambda now: Flow(4000, 4000, 1.8))
    assert watch.first(Sign.STUCK) == pytest.approx(10 + 4.5, abs=0.35)
