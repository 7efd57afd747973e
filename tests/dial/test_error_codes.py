from edged.causes import CAUSES
from edged.dial import error_codes


def test_every_cause_named_has_its_row():
    for cause in {*error_codes.FATAL.values(), *error_codes.FAILED_RESPONSE.values()}:
        assert cause in CAUSES
