"""Fixtures that the tests of dialling share."""

from tests.dial.authority import authority

__all__ = ["authority"]
