"""When a silent link is dead."""

import pytest

from edged.dial.ports import Flow
from edged.link.liveness import (
    COMMIT_S,
    IDLE_S,
    OWED_S,
    PASSED_S,
    PROBED_S,
    SLOW_S,
    STUCK_S,
    LinkHealth,
    Liveness,
    Owed,
)

TICK = 0.1


class Watch:
    """Looks at the link's liveness ten times per second, and keeps what it returned, and when."""

    def __init__(self):
        self.now = 0.0
        self.vigil = Liveness(self.now)
        self.signs = []

    def run(self, seconds, owed=Owed.NOTHING, flow=lambda now: Flow(0, 0)):
        end = self.now + seconds
        while self.now < end - 1e-9:
            self.now += TICK
            sign = self.vigil.look(self.now, owed, flow(self.now))
            if sign is not LinkHealth.FINE:
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
    assert [sign for _, sign in watch.signs] == [LinkHealth.PROBE] * 5


def test_an_idle_line_without_a_sign_of_life_is_dead():
    watch = Watch().run(60)
    assert watch.first(LinkHealth.PROBE) == pytest.approx(IDLE_S, abs=0.35)
    assert watch.first(LinkHealth.SILENT) == pytest.approx(IDLE_S + PROBED_S, abs=0.35)


@pytest.mark.parametrize("owed", [Owed.ANSWER, Owed.REST])
def test_who_owes_an_answer_is_asked_sooner(owed):
    watch = Watch().run(5).came().run(20, owed)
    assert watch.first(LinkHealth.PROBE) == pytest.approx(5 + OWED_S, abs=0.35)
    assert watch.first(LinkHealth.SILENT) == pytest.approx(5 + OWED_S + PROBED_S, abs=0.35)


def test_a_service_that_lives_may_think_as_long_as_it_likes():
    watch = Watch()
    for _ in range(20):
        watch.run(OWED_S + TICK, Owed.ANSWER).came()
    assert {sign for _, sign in watch.signs} == {LinkHealth.PROBE}


def test_any_message_is_a_sign_of_life():
    watch = Watch()
    for _ in range(100):
        watch.run(1, Owed.REST).came()
    assert watch.signs == []


def test_a_service_that_lives_and_ignores_a_commit_is_found_out():
    watch = Watch().run(1)
    for _ in range(100):
        if any(sign is LinkHealth.IGNORES for _, sign in watch.signs):
            break
        watch.run(TICK, Owed.ACKNOWLEDGEMENT)
        if watch.signs and watch.signs[-1][1] is LinkHealth.PROBE:
            watch.came()
    assert watch.first(LinkHealth.PROBE) == pytest.approx(1 + PASSED_S, abs=0.35)
    assert watch.first(LinkHealth.PASSED) == pytest.approx(1 + PASSED_S + TICK, abs=0.35)
    assert watch.first(LinkHealth.IGNORES) == pytest.approx(1 + COMMIT_S, abs=0.35)


def test_a_second_commit_has_its_own_time():
    watch = Watch().run(1)
    for _ in range(round((COMMIT_S - 1) / TICK)):
        watch.run(TICK, Owed.ACKNOWLEDGEMENT).came()
    watch.vigil.settled(watch.now)  # the first of two
    for _ in range(round((COMMIT_S + 0.5) / TICK)):
        watch.run(TICK, Owed.ACKNOWLEDGEMENT).came()
    assert watch.first(LinkHealth.IGNORES) == pytest.approx(1 + COMMIT_S - 1 + COMMIT_S, abs=0.35)


def test_words_about_something_else_are_no_acknowledgement():
    watch = Watch().run(1)
    for _ in range(100):
        watch.run(TICK, Owed.ACKNOWLEDGEMENT).came()
    assert LinkHealth.PROBE in {sign for _, sign in watch.signs}
    assert watch.first(LinkHealth.IGNORES) <= 1 + COMMIT_S + 0.5


def test_a_service_that_is_gone_is_not_taken_for_one_that_ignores():
    watch = Watch().run(1).run(20, Owed.ACKNOWLEDGEMENT)
    assert watch.first(LinkHealth.SILENT) == pytest.approx(1 + OWED_S + PROBED_S, abs=0.35)
    assert LinkHealth.IGNORES not in {sign for _, sign in watch.signs}


def test_a_line_on_which_nothing_is_acknowledged_is_slow_then_stuck():
    watch = Watch().run(10).run(3, flow=lambda now: Flow(4000, 4000))
    assert watch.first(LinkHealth.SLOW) <= 10 + 1.0
    assert watch.first(LinkHealth.SLOW) == pytest.approx(10 + TICK + SLOW_S, abs=0.35)
    assert watch.first(LinkHealth.STUCK) == pytest.approx(10 + TICK + STUCK_S, abs=0.35)


def test_a_narrow_line_is_not_a_dead_one():
    watch = Watch().run(30, Owed.ACKNOWLEDGEMENT, flow=lambda now: Flow(200_000, 200_000 - int(now * 6000)))
    assert watch.signs == []


def test_a_line_that_moves_again_is_fine_again():
    watch = Watch().run(1, flow=lambda now: Flow(4000, 4000)).run(5, flow=lambda now: Flow(4000, 0))
    assert {sign for _, sign in watch.signs} <= {LinkHealth.SLOW}
    assert watch.run(3, flow=lambda now: Flow(8000, 4000)).first(LinkHealth.STUCK) > 6 + 1.4


def test_the_silence_of_who_has_not_heard_the_question_says_nothing():
    """While sound is on its way for half a minute, the acknowledgement cannot have come."""
    watch = Watch().run(
        30, Owed.ACKNOWLEDGEMENT, flow=lambda now: Flow(200_000, max(0, 200_000 - int(now * 7000)))
    )
    assert watch.signs == [] or watch.first(LinkHealth.PROBE) > 28


def test_where_the_kernel_says_nothing_only_silence_counts():
    watch = Watch().run(30, flow=lambda now: None)
    assert [sign for _, sign in watch.signs][:2] == [LinkHealth.PROBE, LinkHealth.SILENT]


def test_where_round_trips_are_long_more_patience_is_due():
    watch = Watch().run(10).run(4, flow=lambda now: Flow(4000, 4000, 1.8))
    assert watch.first(LinkHealth.SLOW) == pytest.approx(10 + 2.7, abs=0.35)
    assert LinkHealth.STUCK not in {sign for _, sign in watch.signs}
    watch.run(1.5, flow=lambda now: Flow(4000, 4000, 1.8))
    assert watch.first(LinkHealth.STUCK) == pytest.approx(10 + 4.5, abs=0.35)


# The times in docs/architecture.md, to a tenth of a second. A link that is given up too early costs an answer, and a
# link that is kept too long makes a visitor wait.

ALL_OF_IT = Flow(4000, 4000)  # sent, and nothing acknowledged
NONE_OF_IT = Flow(4000, 0)


def signs(vigil, owed, flow, *times):
    return [vigil.look(at, owed, flow) for at in times]


def test_bytes_that_nobody_acknowledges_are_slow_after_0_8_s_and_stuck_after_1_5_s():
    reported = signs(Liveness(0.0), Owed.NOTHING, ALL_OF_IT, 0.0, 0.7, 0.8, 1.4, 1.5, 9.0)
    assert reported == [
        LinkHealth.FINE,
        LinkHealth.FINE,
        LinkHealth.SLOW,
        LinkHealth.SLOW,
        LinkHealth.STUCK,
        LinkHealth.STUCK,
    ]


def test_on_a_long_way_they_are_slow_after_one_and_a_half_round_trips_and_stuck_after_two_and_a_half():
    reported = signs(Liveness(0.0), Owed.NOTHING, Flow(4000, 4000, 2.0), 0.0, 2.9, 3.0, 4.9, 5.0)
    assert reported == [LinkHealth.FINE, LinkHealth.FINE, LinkHealth.SLOW, LinkHealth.SLOW, LinkHealth.STUCK]


def test_a_single_byte_that_was_acknowledged_is_movement_and_one_that_was_not_is_none():
    vigil = Liveness(0.0)
    assert vigil.look(0.0, Owed.NOTHING, ALL_OF_IT) is LinkHealth.FINE
    assert vigil.look(1.0, Owed.NOTHING, Flow(4000, 3999)) is LinkHealth.FINE
    # More was sent, and nothing more was acknowledged.
    assert vigil.look(2.4, Owed.NOTHING, Flow(9000, 8999)) is LinkHealth.SLOW
    assert vigil.look(2.5, Owed.NOTHING, Flow(9000, 8999)) is LinkHealth.STUCK


def test_one_byte_is_enough_to_be_stuck_with():
    assert signs(Liveness(0.0), Owed.NOTHING, Flow(1, 1), 0.0, 1.5) == [LinkHealth.FINE, LinkHealth.STUCK]


def test_one_byte_on_its_way_is_no_silence_of_the_service_either():
    vigil = Liveness(0.0)
    reported = [vigil.look(float(at), Owed.NOTHING, Flow(4000 + at, 1)) for at in range(20)]
    assert reported == [LinkHealth.FINE] * 20


def test_after_a_rest_the_bytes_of_the_next_message_have_their_own_time():
    vigil = Liveness(0.0)
    assert signs(vigil, Owed.NOTHING, NONE_OF_IT, 0.0, 10.0) == [LinkHealth.FINE, LinkHealth.FINE]
    assert signs(vigil, Owed.NOTHING, Flow(8000, 4000), 10.5, 11.2, 11.3) == [
        LinkHealth.FINE,
        LinkHealth.FINE,
        LinkHealth.SLOW,
    ]


def test_an_idle_service_is_asked_after_15_s_and_dead_4_s_later():
    reported = signs(Liveness(0.0), Owed.NOTHING, NONE_OF_IT, 0.0, 14.9, 15.0, 15.1, 18.9, 19.0)
    assert reported == [
        LinkHealth.FINE,
        LinkHealth.FINE,
        LinkHealth.PROBE,
        LinkHealth.FINE,
        LinkHealth.FINE,
        LinkHealth.SILENT,
    ]


@pytest.mark.parametrize("owed", [Owed.ANSWER, Owed.REST])
def test_what_is_owed_is_asked_for_4_s_after_it_came_to_be_owed_however_long_nothing_was(owed):
    vigil = Liveness(0.0)
    assert signs(vigil, Owed.NOTHING, NONE_OF_IT, 0.0, 9.0) == [LinkHealth.FINE, LinkHealth.FINE]
    reported = signs(vigil, owed, NONE_OF_IT, 10.0, 13.9, 14.0, 17.9, 18.0)
    assert reported == [
        LinkHealth.FINE,
        LinkHealth.FINE,
        LinkHealth.PROBE,
        LinkHealth.FINE,
        LinkHealth.SILENT,
    ]


def test_an_acknowledgement_is_asked_for_sooner_and_has_as_long_to_come():
    vigil = Liveness(0.0)
    assert signs(vigil, Owed.NOTHING, NONE_OF_IT, 0.0, 9.0) == [LinkHealth.FINE, LinkHealth.FINE]
    reported = signs(vigil, Owed.ACKNOWLEDGEMENT, NONE_OF_IT, 10.0, 10.4, 10.5, 17.9, 18.0)
    assert reported == [
        LinkHealth.FINE,
        LinkHealth.FINE,
        LinkHealth.PROBE,
        LinkHealth.FINE,
        LinkHealth.SILENT,
    ]


def test_one_that_answers_has_passed_the_commit_over_and_is_asked_once_more_whether_it_lives():
    vigil = Liveness(0.0)
    assert signs(vigil, Owed.ACKNOWLEDGEMENT, NONE_OF_IT, 0.0, 0.5) == [LinkHealth.FINE, LinkHealth.PROBE]
    vigil.came(0.7)
    reported = signs(vigil, Owed.ACKNOWLEDGEMENT, NONE_OF_IT, 0.8, 4.6, 4.7, 8.6, 8.8)
    assert reported == [
        LinkHealth.PASSED,
        LinkHealth.PASSED,
        LinkHealth.PROBE,
        LinkHealth.FINE,
        LinkHealth.SILENT,
    ]


def test_bytes_that_follow_a_commit_that_was_passed_over_do_not_make_it_a_new_one():
    vigil = Liveness(0.0)
    assert signs(vigil, Owed.ACKNOWLEDGEMENT, NONE_OF_IT, 0.0, 0.5) == [LinkHealth.FINE, LinkHealth.PROBE]
    vigil.came(0.7)
    assert vigil.look(0.7, Owed.ACKNOWLEDGEMENT, NONE_OF_IT) is LinkHealth.PASSED
    assert vigil.look(0.8, Owed.ACKNOWLEDGEMENT, Flow(9000, 9000)) is LinkHealth.PASSED
    assert signs(vigil, Owed.ACKNOWLEDGEMENT, Flow(9000, 0), 0.9, 4.6) == [
        LinkHealth.PASSED,
        LinkHealth.PASSED,
    ]
    vigil.settled(4.6)
    assert signs(vigil, Owed.ACKNOWLEDGEMENT, Flow(9000, 0), 4.7, 5.0, 5.1) == [
        LinkHealth.FINE,
        LinkHealth.FINE,
        LinkHealth.PROBE,
    ]


def test_what_is_owed_at_the_first_look_is_owed_from_then_on():
    reported = signs(Liveness(0.0), Owed.ANSWER, NONE_OF_IT, 2.0, 5.9, 6.0)
    assert reported == [LinkHealth.FINE, LinkHealth.FINE, LinkHealth.PROBE]


def test_a_message_within_an_answer_puts_the_question_off():
    vigil = Liveness(0.0)
    assert signs(vigil, Owed.REST, NONE_OF_IT, 0.0, 3.0) == [LinkHealth.FINE, LinkHealth.FINE]
    vigil.came(3.0)
    assert signs(vigil, Owed.REST, NONE_OF_IT, 6.9, 7.0) == [LinkHealth.FINE, LinkHealth.PROBE]


def test_a_probe_is_owed_an_answer_only_from_when_it_was_heard():
    """The probe itself is still on its way: a slow uplink does not make the service silent."""
    vigil = Liveness(0.0)
    assert signs(vigil, Owed.ANSWER, NONE_OF_IT, 0.0, 4.0) == [LinkHealth.FINE, LinkHealth.PROBE]
    for at in (5.0, 6.0, 7.0, 8.0):
        assert vigil.look(at, Owed.ANSWER, Flow(9000, 5000 - int(at * 500))) is LinkHealth.FINE
    assert signs(vigil, Owed.ANSWER, Flow(9000, 0), 8.5, 11.9, 12.0) == [
        LinkHealth.FINE,
        LinkHealth.FINE,
        LinkHealth.SILENT,
    ]


def test_sound_on_its_way_is_no_silence_of_the_service():
    vigil = Liveness(0.0)
    for at in range(20):
        assert vigil.look(at, Owed.NOTHING, Flow(9000, 9000 - at * 100)) is LinkHealth.FINE
    assert signs(vigil, Owed.NOTHING, Flow(9000, 0), 33.9, 34.0) == [LinkHealth.FINE, LinkHealth.PROBE]


@pytest.mark.parametrize("owed", [Owed.NOTHING, Owed.ANSWER])
def test_a_service_that_answers_a_probe_is_asked_again_only_after_another_silence(owed):
    vigil, patience = Liveness(0.0), {Owed.NOTHING: 15.0, Owed.ANSWER: 4.0}[owed]
    assert signs(vigil, owed, NONE_OF_IT, 0.0, patience) == [LinkHealth.FINE, LinkHealth.PROBE]
    vigil.came(patience + 1)
    reported = signs(vigil, owed, NONE_OF_IT, patience + 1, 2 * patience + 0.9, 2 * patience + 1)
    assert reported == [LinkHealth.FINE, LinkHealth.FINE, LinkHealth.PROBE]


def test_who_answers_a_probe_and_acknowledges_nothing_for_6_s_ignores_commits_and_was_asked_once():
    vigil = Liveness(0.0)
    assert signs(vigil, Owed.ACKNOWLEDGEMENT, NONE_OF_IT, 0.0, 4.0) == [LinkHealth.FINE, LinkHealth.PROBE]
    vigil.came(4.5)
    reported = signs(vigil, Owed.ACKNOWLEDGEMENT, NONE_OF_IT, 4.6, 5.9, 6.0)
    assert reported == [LinkHealth.PASSED, LinkHealth.PASSED, LinkHealth.IGNORES]


def test_a_commit_that_is_still_on_its_way_has_not_been_ignored():
    vigil = Liveness(0.0)
    for at in range(10):
        vigil.came(at)
        assert vigil.look(at, Owed.ACKNOWLEDGEMENT, Flow(9000, 9000 - at * 100)) is LinkHealth.FINE
    reported = signs(vigil, Owed.ACKNOWLEDGEMENT, Flow(9000, 0), 9.2, 9.4, 9.5)
    assert reported == [LinkHealth.FINE, LinkHealth.FINE, LinkHealth.PROBE]
    vigil.came(12.1)
    assert signs(vigil, Owed.ACKNOWLEDGEMENT, Flow(9000, 0), 14.9, 15.0) == [
        LinkHealth.PASSED,
        LinkHealth.IGNORES,
    ]


def test_an_answer_to_a_probe_before_the_commit_says_nothing_of_it():
    """The service lived then; a probe asks whether it lives now. Without an answer it counts as silent."""
    vigil = Liveness(0.0)
    assert signs(vigil, Owed.NOTHING, NONE_OF_IT, 0.0, 15.0) == [LinkHealth.FINE, LinkHealth.PROBE]
    vigil.came(15.5)
    reported = signs(vigil, Owed.ACKNOWLEDGEMENT, NONE_OF_IT, 16.0, 20.0, 22.0, 24.0)
    assert reported == [LinkHealth.FINE, LinkHealth.PROBE, LinkHealth.FINE, LinkHealth.SILENT]


def test_who_was_not_looked_at_for_long_is_asked_before_it_is_called_deaf():
    vigil = Liveness(0.0)
    assert signs(vigil, Owed.ACKNOWLEDGEMENT, NONE_OF_IT, 0.0, 9.0) == [LinkHealth.FINE, LinkHealth.PROBE]


def test_bytes_have_their_time_from_when_they_were_first_seen():
    reported = signs(Liveness(0.0), Owed.NOTHING, ALL_OF_IT, 1.0, 1.7, 1.8)
    assert reported == [LinkHealth.FINE, LinkHealth.FINE, LinkHealth.SLOW]


def test_who_owes_nothing_any_more_is_asked_15_s_after_its_last_word():
    vigil = Liveness(0.0)
    for at in (2.0, 4.0, 6.0):
        vigil.came(at)
        assert vigil.look(at, Owed.ANSWER, NONE_OF_IT) is LinkHealth.FINE
    reported = signs(vigil, Owed.NOTHING, NONE_OF_IT, 9.0, 20.9, 21.0)
    assert reported == [LinkHealth.FINE, LinkHealth.FINE, LinkHealth.PROBE]
