from edged.panel.contact import HELD_MS, REST_MS, Debouncer
from edged.panel.contact_health import LONGEST_MS, MANY, WITHIN_MS, ContactHealth, Held


def read_until(debouncer, health, level, until_ms):
    """Read this level until then; return whether anything changed."""
    changed = False
    while (due := debouncer.due()) <= until_ms:
        debouncer.reading(level, due)
        changed |= health.look(due)
    return changed


def watched(level, *, may_last=False):
    debouncer = Debouncer()
    health = ContactHealth(debouncer)
    health.may_last = may_last
    debouncer.begin(level, 0)
    return debouncer, health


def test_a_contact_that_was_active_since_the_start_is_held_until_it_has_rested():
    debouncer, health = watched(True)
    assert not read_until(debouncer, health, True, HELD_MS - 1000)
    assert read_until(debouncer, health, True, HELD_MS + 1000)
    assert health.held is Held.SINCE_START
    assert not read_until(debouncer, health, False, HELD_MS + 1000 + REST_MS - 1000)
    assert read_until(debouncer, health, False, HELD_MS + 1000 + REST_MS + 1000)
    assert health.held is Held.NO


def test_a_press_of_minutes_is_held_until_it_ends():
    debouncer, health = watched(False)
    debouncer.edge(True, 1000)
    assert not read_until(debouncer, health, True, LONGEST_MS)
    assert read_until(debouncer, health, True, LONGEST_MS + 1200)
    assert health.held is Held.FOR_LONG
    debouncer.edge(False, LONGEST_MS + 1300)
    debouncer.reading(False, LONGEST_MS + 1330)
    assert health.look(LONGEST_MS + 1330)
    assert health.held is Held.NO


def test_a_receiver_may_be_lifted_for_any_time():
    debouncer, health = watched(False, may_last=True)
    debouncer.edge(True, 1000)
    assert not read_until(debouncer, health, True, 3 * LONGEST_MS)


def miss(debouncer, health, at_ms):
    """A press whose edge is missed, and which is over soon."""
    debouncer.edge(False, at_ms - 100)
    debouncer.reading(False, at_ms)
    return health.look(at_ms)


def test_many_missed_edges_within_an_hour_are_often():
    debouncer, health = watched(False)
    minute, hour = 60_000, 3_600_000
    for n in range(1, 5):
        assert not miss(debouncer, health, n * minute)
    assert miss(debouncer, health, 60 * minute)
    assert health.misses
    assert not health.look(60 * minute + hour - 1)
    assert health.look(60 * minute + hour)
    assert not health.misses


def test_rare_ones_are_not():
    debouncer, health = watched(False)
    for n in range(1, 50):
        assert not miss(debouncer, health, n * WITHIN_MS // (MANY - 1) + n)
    assert debouncer.missed == 49


def test_a_contact_that_is_lost_is_not_held():
    debouncer, health = watched(True)
    read_until(debouncer, health, True, HELD_MS + 1000)
    debouncer.gone(HELD_MS + 2000)
    assert health.look(HELD_MS + 2000)
    assert health.held is Held.NO
