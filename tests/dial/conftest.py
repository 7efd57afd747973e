"""What the tests of the line share."""

from tests.dial.authority import authority

__all__ = ["authority"]
