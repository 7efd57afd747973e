"""The one rule of dialects: which one to ask for, how a service refuses it, and what follows. Pure.

Rules:
1. A connection asks for the configured dialect, else for the one that the service was seen to speak, else for the
   caller's first guess. The dialect of the service's greeting is the one that it speaks.
2. A refusal before the session exists is about the dialect if its words say so: the code or message of an error, the
   body of an HTTP answer, the reason of a close. A close with the code for bad requests and no reason may be about the
   dialect.
3. After such a refusal the caller dials once more, immediately, in the other dialect: one attempt has up to two dials.
   Where a dialect is configured, there is no second dial.
4. If both dialects are refused, that is one failure, and the next attempt follows as after any other. A remembered
   dialect that is refused is forgotten.

Not here: the translation of messages (wire). The caller waits for the greeting, dials and remembers.
"""

import re
from collections.abc import Mapping
from enum import Enum

from edged.wire import BETA_HEADER, Dialect

REQUEST_REFUSED = 4000  # the close code of services after a bad request
MOST_WORDS = 4096  # characters that are searched; a refusal is shorter

# The error codes for a wrong `session.type` in an update of a session, with the dialect that the service understands.
UNDERSTOOD = {"missing_required_parameter": Dialect.GA, "unknown_parameter": Dialect.BETA}


class Refusal(Enum):
    """Whether the service refused the dialect."""

    OTHER = "other"
    DOUBTFUL = "doubtful"  # the service gave no reason
    OF_DIALECT = "of_dialect"


# A name with "beta" in it, such as a model's. The header's own name does not match.
_NAME = re.compile(r"(?<![\w-])(?!(?:[\w-]*openai|realtime|api)-beta\b)[\w./]+(?:-[\w.]+)*-beta\b[\w.-]*")
_VALUE = re.compile(r"realtime\s*=\s*v1")  # the value of beta's header
_WITH = (
    "(?:realtime |api ){0,2}"
    "(?:header|shape|dialect|protocol|interface|version|format|schema|session|client|event|api)s?"
)
_FILL = "(?:(?:api|support|is|are|was|were|has|have|been|no|not|longer|now|being) ){0,6}"
_OVER = (
    "(?:disabled|enabled|supported|unsupported|available|unavailable|accepted|allowed|deprecated|retired|removed|ended"
    "|discontinued|sunset|required|missing|unknown|invalid|gone|over|off|shut)"
)
_OF_DIALECT = re.compile(
    r"\bopenai beta\b"
    r"|\bapi version mismatch\b|\bdialect refused\b|\bneither dialect\b"
    rf"|\b(?:beta|ga) {_WITH}\b"
    rf"|\b(?:unknown|unsupported|invalid|missing|requires?)(?: the| a)? beta\b(?! (?:access|program|tester|user))"
    rf"|(?:^|\b(?:realtime|api|error|code) )(?:beta|ga) {_FILL}{_OVER}\b"
)


def other(dialect: Dialect) -> Dialect:
    return Dialect.GA if dialect is Dialect.BETA else Dialect.BETA


def refuses(*words: str | bytes | bytearray | None) -> bool:
    """Whether one of these texts of a refusal says that the reason is the dialect."""
    return any(_says(each) for each in words if each)


def of_close(code: int | None, reason: str, *, explained: bool = False) -> Refusal:
    """What a close refuses before the session exists. `explained`: an error before the close gave the reason."""
    if refuses(reason):
        return Refusal.OF_DIALECT
    bare = code == REQUEST_REFUSED and not (explained or reason.strip())
    return Refusal.DOUBTFUL if bare else Refusal.OTHER


def headers_for(dialect: Dialect, headers: Mapping[str, str]) -> dict[str, str]:
    """`headers`, with the header for beta added or removed as `dialect` requires."""
    name, value = BETA_HEADER
    if dialect is Dialect.GA:
        return {each: value for each, value in headers.items() if not _asks_beta(each, value)}
    if any(each.lower() == name.lower() for each in headers):
        return dict(headers)
    return {name: value, **headers}


def asks_beta(headers: Mapping[str, str]) -> bool:
    """Whether a handshake with these headers asks for beta."""
    return any(_asks_beta(name, value) for name, value in headers.items())


class Attempt:
    """One attempt: the dialect of its next dial, and whether one more dial follows."""

    def __init__(self, asked: Dialect) -> None:
        self.asked = asked
        self._refusals: list[Refusal] = []

    def refused(self, refusal: Refusal, *, configured: bool) -> bool:
        """A dial was refused. True: dial once more at once, in the dialect that `asked` now holds."""
        if refusal is Refusal.OTHER:
            return False
        self._refusals.append(refusal)
        if configured or len(self._refusals) > 1:
            return False
        self.asked = other(self.asked)
        return True

    @property
    def both(self) -> bool:
        """Whether the service refused both dials, and named the dialect at least once."""
        return len(self._refusals) > 1 and Refusal.OF_DIALECT in self._refusals


def _says(said: str | bytes | bytearray) -> bool:
    beginning = said[:MOST_WORDS]
    text = (beginning if isinstance(beginning, str) else beginning.decode(errors="replace")).lower()
    if _VALUE.search(text):
        return True
    return _OF_DIALECT.search(" ".join(re.split(r"[\W_]+", _NAME.sub(" ", text))).strip()) is not None


def _asks_beta(name: str, value: str) -> bool:
    return name.lower() == BETA_HEADER[0].lower() and value.strip() == BETA_HEADER[1]
