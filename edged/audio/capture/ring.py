"""The pre-roll: the last so many bytes of sound, whatever the size of the blocks they came in.

Rule: at the bound the oldest sound goes, to the very byte. Blocks and capacity are of whole samples, so
what is held always is.
"""

from collections import deque


class Ring:
    """Holds the newest `capacity_bytes` pushed. Not thread-safe."""

    def __init__(self, capacity_bytes: int) -> None:
        self._capacity = capacity_bytes
        self._blocks: deque[bytes] = deque()
        self._held = 0

    def push(self, block: bytes) -> None:
        """Add the newest sound; the oldest gives way."""
        if not block:
            return  # blocks of nothing would never reach the bound
        self._blocks.append(block)
        self._held += len(block)
        while (surplus := self._held - self._capacity) > 0:
            oldest = self._blocks.popleft()
            if len(oldest) > surplus:
                self._blocks.appendleft(oldest[surplus:])
            gone = min(len(oldest), surplus)
            self._held -= gone

    def take_all(self) -> bytes:
        """All that is held, oldest first; the ring is empty afterwards."""
        sound = b"".join(self._blocks)
        self.clear()
        return sound

    def clear(self) -> None:
        """Forget what is held."""
        self._blocks.clear()
        self._held = 0
