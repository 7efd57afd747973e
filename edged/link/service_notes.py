"""Holds what this process knows about the service. Reads it from the memory once, and stores it when it changes."""

from edged.dial.service_facts import ServiceFacts
from edged.link.ports import Memory


class ServiceNotes:
    """The facts about one service. Without a `memory` they last as long as this object."""

    def __init__(self, memory: Memory | None = None) -> None:
        self.known = ServiceFacts()
        self._memory, self._recalled = memory, memory is None

    async def recall(self) -> ServiceFacts:
        """The facts known now. The first call waits for the memory."""
        if self._memory is not None and not self._recalled:
            self.known = await self._memory.recall()
            self._recalled = True
        return self.known

    def note(self, known: ServiceFacts) -> None:
        """Replace the facts."""
        if known == self.known:
            return
        self.known = known
        if self._memory is not None:
            self._memory.remember(known)
