"""edged: a push-to-talk voice appliance for the Raspberry Pi."""

__version__ = "0.1.0"
# The date of this version. A clock that shows an earlier date is wrong.
__made__ = "2026-11-21"
