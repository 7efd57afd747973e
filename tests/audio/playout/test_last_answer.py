"""The sound of the last answer, kept so that it can be played again."""

from hypothesis import given
from hypothesis import strategies as st

from edged.audio.playout.last_answer import LastAnswer
from edged.pcm import PCM16
from edged.wire.parts import HeardPart, Part

A, B = Part("a", 0), Part("b", 0)


def ms(count, value=1):
    return bytes([value]) * PCM16.bytes_of(count)


def sound(answer):
    return b"".join(answer)


def test_it_is_what_came_in_order():
    answer = LastAnswer()
    answer.add(A, ms(20, 1))
    answer.add(A, ms(20, 2))
    answer.add(B, ms(20, 3))
    assert sound(answer) == ms(20, 1) + ms(20, 2) + ms(20, 3)
    assert answer.n_bytes == PCM16.bytes_of(60)


def test_the_next_answer_replaces_it_when_its_first_sound_comes():
    answer = LastAnswer()
    answer.add(A, ms(20, 1))
    answer.over()
    assert sound(answer) == ms(20, 1)
    answer.add(B, ms(20, 2))
    answer.add(B, ms(20, 3))
    assert sound(answer) == ms(20, 2) + ms(20, 3)


def test_what_was_cut_off_is_not_repeated():
    answer = LastAnswer()
    answer.add(A, ms(100, 1))
    answer.add(B, ms(100, 2))
    answer.heard((HeardPart(A, 100, 100), HeardPart(B, 30, 100)))
    assert sound(answer) == ms(100, 1) + ms(30, 2)
    answer.heard((HeardPart(Part("another", 0), 0, 10),))
    assert answer.n_bytes == PCM16.bytes_of(130)
    answer.heard((HeardPart(A, 0, 100), HeardPart(B, 0, 30)))
    assert (sound(answer), answer.n_bytes) == (b"", 0)


def test_what_is_forgotten_is_gone():
    answer = LastAnswer()
    answer.add(A, ms(20))
    answer.forget()
    assert (sound(answer), answer.n_bytes) == (b"", 0)
    answer.over()
    answer.forget()
    answer.add(A, ms(20))
    answer.add(A, ms(20))
    assert answer.n_bytes == PCM16.bytes_of(40)


@given(st.lists(st.tuples(st.sampled_from([A, B]), st.integers(0, 400)), max_size=30))
def test_it_never_holds_more_than_it_may(pieces):
    answer, came = LastAnswer(1000), 0
    for part, length in pieces:
        answer.add(part, ms(length))
        came += PCM16.bytes_of(length)
        assert answer.n_bytes == min(came, PCM16.bytes_of(1000))
