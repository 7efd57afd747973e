"""Each change listed as equivalent is a possible change of the present code, and has a reason."""

from instruments.mutation.__main__ import EDGED
from instruments.mutation.equivalents import Equivalents

LISTED = Equivalents(EDGED.equivalents)


def test_each_equivalent_exists_and_has_a_reason():
    gone = LISTED.gone(EDGED.root, {each.module for each in LISTED.all})
    assert not gone, "the code has changed: remove these, or write the change as scripts/mutate prints it"
    assert all(each.reason for each in LISTED.all)


def test_none_is_listed_twice():
    assert len({each[:4] for each in LISTED.all}) == len(LISTED.all)
