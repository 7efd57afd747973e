"""What all sessions of a link together have counted: those that are gone, and the one in use. Pure."""

from collections import Counter

from edged.link.session.session import LinkSession


class SessionTally:
    """`session` is the one in use; None: there is none."""

    def __init__(self) -> None:
        self.session: LinkSession | None = None
        self._gone: Counter[str] = Counter()
        self._gone_ms = (0, 0)

    def end(self, session: LinkSession) -> None:
        """This session is over."""
        self._gone_ms, self.session = _sum(self._gone_ms, _sound_ms(session)), None
        self._gone.update(session.counters)

    def counters(self) -> dict[str, int]:
        now = self.session.counters if self.session is not None else {}
        return dict(self._gone + Counter(now))

    @property
    def sound_ms(self) -> tuple[int, int]:
        """How much sound was sent and received, in milliseconds."""
        return _sum(self._gone_ms, _sound_ms(self.session)) if self.session is not None else self._gone_ms


def _sound_ms(session: LinkSession) -> tuple[int, int]:
    """How much sound a session has sent and received, in whole milliseconds."""
    return session.input_format.ms_of(session.sent_bytes), session.output_format.ms_of(session.received_bytes)


def _sum(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return one[0] + other[0], one[1] + other[1]
