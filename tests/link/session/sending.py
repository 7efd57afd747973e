"""Makes a session send its messages, without a log and without a socket."""

from dataclasses import dataclass


@dataclass
class Entry:
    kind: str
    uid: int
    pcm: bytes = b""


def append(session, sound, uid):
    return _sent(session, Entry("sound", uid, sound))


def commit(session, uid):
    return _sent(session, Entry("end", uid))


def clear(session, uid=0):
    return _sent(session, Entry("abort", uid))


def control(session):
    """Take the control messages that are waiting to be sent."""
    out = session.out[:]
    session.out.clear()
    return out


def _sent(session, entry):
    """Send this entry; returns its message."""
    (text,) = session.words([entry])
    session.sent([entry])
    return text
