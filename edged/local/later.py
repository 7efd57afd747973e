"""What a service says later than its turn, while the rest goes on. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Later:
    """This message, after so many seconds."""

    seconds: float
    message: str | bytes
