"""What a session is made to send, without a log and a socket."""

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
    """The control messages that are to be sent, which are taken away."""
    out = session.out[:]
    session.out.clear()
    return out


def _sent(session, entry):
    """The message of this entry, which is sent."""
    (text,) = session.words([entry])
    session.sent([entry])
    return text
