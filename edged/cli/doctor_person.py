"""Somebody at the terminal, whom the doctor can ask. Every question can be skipped with Enter."""

import sys


def is_there() -> bool:
    """Whether a person can read and answer."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


class Person:
    """Asks on the terminal."""

    def yes(self, question: str) -> bool | None:
        """True, False, or None for anything that is neither."""
        print(f"{question} [y/n, Enter: skip] ", end="", flush=True)
        try:
            answer = sys.stdin.readline().strip().casefold()
        except (OSError, ValueError):
            return None
        return {"y": True, "yes": True, "n": False, "no": False}.get(answer)

    def say(self, text: str) -> None:
        print(text, flush=True)
