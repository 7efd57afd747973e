from edged.causes import CAUSES
from edged.dial import faults


def test_every_cause_named_has_its_row():
    for cause in {*faults.FATAL.values(), *faults.FAILED_RESPONSE.values()}:
        assert cause in CAUSES
