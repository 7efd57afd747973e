"""edged: a push-to-talk voice appliance for the Raspberry Pi."""

__version__ = "0.1.0"
