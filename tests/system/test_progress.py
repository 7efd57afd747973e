from edged.system.progress import PartProgress, Progress

S = 1000


def looks(*signs, every_ms=S, patience_ms=5 * S):
    """Return what is stalled at each look at one part."""
    progress = Progress(patience_ms)
    return [bool(progress.look(n * every_ms, {"part": sign})) for n, sign in enumerate(signs)]


def test_a_part_that_works_is_never_stalled():
    assert not any(looks(*(PartProgress(n) for n in range(100))))


def test_a_part_that_stands_still_is_stalled_after_its_patience():
    assert looks(*[PartProgress(7)] * 8) == [False] * 6 + [True] * 2


def test_one_step_is_progress_again():
    assert looks(*[PartProgress(7)] * 8, PartProgress(8), PartProgress(8))[-2:] == [False, False]


def test_a_count_that_begins_anew_is_progress():
    assert not looks(*[PartProgress(7)] * 8, PartProgress(0))[-1]


def test_what_is_not_wanted_may_rest_for_ever():
    assert not any(looks(*[PartProgress(7, wanted=False)] * 100))


def test_patience_begins_when_a_part_becomes_wanted():
    assert (
        looks(*[PartProgress(7, wanted=False)] * 50, *[PartProgress(7)] * 7)[-7:] == [False] * 5 + [True] * 2
    )


def test_one_stalled_part_is_named_among_those_that_work():
    progress = Progress(5 * S)
    for n in range(10):
        stalled = progress.look(
            n * S,
            {
                "microphone": PartProgress(3),
                "speaker": PartProgress(n),
                "link": PartProgress(0, wanted=False),
            },
        )
    assert stalled == ["microphone"]
