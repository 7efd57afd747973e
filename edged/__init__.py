"""edged: a push-to-talk voice appliance for the Raspberry Pi."""

__version__ = "0.1.0"
__made__ = "2026-11-21"  # of this version; a clock that stands before it is wrong
