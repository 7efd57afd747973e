"""The checks and their order: what each needs and may find, and that a root cause comes first."""

import pytest

from edged.app.doctor_steps import STEPS
from edged.causes import CAUSES, Unspoken
from edged.doctor.check import FAILURE
from edged.doctor.order import BY_ID, CHECKS, LATE, OF_CAUSE, in_order


def test_each_check_has_one_name_and_one_step():
    assert len(BY_ID) == len(CHECKS)
    assert STEPS.keys() == BY_ID.keys()


def test_a_check_needs_only_checks_that_stand_before_it_and_are_done():
    """Lanes run side by side, except for the first one."""
    before: set[str] = set()
    for check in CHECKS:
        for need in check.needs:
            assert need in before, f"{check.id} needs {need}"
            assert BY_ID[need].lane in ("machine", check.lane), f"{check.id} needs {need}"
        before.add(check.id)


def test_what_a_check_finds_is_a_row_of_the_table():
    assert {cause for check in CHECKS for cause in check.finds} <= CAUSES.keys()


def test_each_row_of_the_doctor_alone_is_found_by_a_check():
    own = {row.id for row in CAUSES.values() if row.speech is Unspoken.DOCTOR}
    assert own <= {cause for check in CHECKS for cause in check.finds} | {LATE}


def test_the_way_to_the_service_is_one_chain():
    """So the first stop on the way is the root cause, and everything behind it is not looked at."""
    for name in ("names", "connection", "certificate", "handshake", "key", "model", "dialect", "session"):
        seen, left = set(), [name]
        while left:
            for need in BY_ID[left.pop()].needs:
                seen.add(need)
                left.append(need)
        assert "route" in seen


@pytest.mark.parametrize(
    "cause", [row.id for row in CAUSES.values() if row.message_id[-4:-2] in ("1b", "1c")]
)
def test_each_cause_of_the_line_has_its_place(cause):
    assert cause in OF_CAUSE


def test_failures_come_before_warnings_and_nothing_is_said_twice():
    disk, journal, key = BY_ID["disk"], BY_ID["journal"], BY_ID["key"]
    warned = disk.found("overlay_root", "x")
    found = [key.found("key_refused", "no"), journal.found("journal_volatile", "x"), warned, warned]
    assert [each.cause for each in in_order(found)] == ["key_refused", "overlay_root", "journal_volatile"]
    assert in_order(found)[0].gravity is FAILURE
