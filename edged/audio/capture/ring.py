"""The pre-roll: the last bytes of sound, whatever the size of the blocks they came in.

Rule: at the limit the oldest sound is dropped, exactly to the byte. Blocks and capacity are whole samples,
so what the ring holds is whole samples, too.
"""

from collections import deque


class Ring:
    """Holds the newest `capacity_bytes` pushed. Not thread-safe."""

    def __init__(self, capacity_bytes: int) -> None:
        self._capacity = capacity_bytes
        self._blocks: deque[bytes] = deque()
        self._held = 0

    def push(self, block: bytes) -> None:
        """Add the newest sound and drop the oldest that no longer fits."""
        if not block:
            return  # empty blocks would never reach the limit
        self._blocks.append(block)
        self._held += len(block)
        while (surplus := self._held - self._capacity) > 0:
            oldest = self._blocks.popleft()
            if len(oldest) > surplus:
                self._blocks.appendleft(oldest[surplus:])
            gone = min(len(oldest), surplus)
            self._held -= gone

    def take_all(self) -> bytes:
        """Return everything it holds, oldest first; the ring is empty afterwards."""
        sound = b"".join(self._blocks)
        self.clear()
        return sound

    def clear(self) -> None:
        """Drop everything it holds."""
        self._blocks.clear()
        self._held = 0
