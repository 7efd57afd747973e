"""A message that the service sends late, while everything else goes on. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Later:
    """Send `message` after `seconds`."""

    seconds: float
    message: str | bytes
