"""What the tests of the line share."""

from tests.realtime.authority import authority

__all__ = ["authority"]
