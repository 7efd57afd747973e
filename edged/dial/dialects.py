"""The one rule of dialects: which is asked for, what refuses it, and what follows. Pure.

Rules:
1. A connection asks for the dialect that is configured, else for the one that the service was seen to speak, else for
   the first guess of who asks. What the service then greets in is what it speaks.
2. A refusal before the session is there is of the dialect if its words say so: the code or the message of an error, the
   body of an HTTP answer, the reason of a close. A close with the code for bad requests and without a word may be.
3. It is answered by one more dial, at once, in the other dialect, whichever was first: one attempt of two dials. Who
   has a dialect configured gets what is configured, and no second dial.
4. Where both are refused, that is one failure, and the next attempt comes when any other would. What was known of a
   service and is refused is forgotten.

Not here: what becomes of a message (wire), waiting for a greeting, dialling, remembering (who dials).
"""

import re
from collections.abc import Mapping
from enum import Enum

from edged.wire import BETA_HEADER, Dialect

REQUEST_REFUSED = 4000  # what services close with after a request that they do not like
MOST_WORDS = 4096  # characters that are looked at; a refusal comes to the point

# Where the update of a session is refused for its type (`session.type`): what would have been understood.
UNDERSTOOD = {"missing_required_parameter": Dialect.GA, "unknown_parameter": Dialect.BETA}


class Refusal(Enum):
    """Whether it is the dialect that was refused."""

    OTHER = "other"
    DOUBTFUL = "doubtful"  # nothing was said
    OF_DIALECT = "of_dialect"


# A name that has beta in it, as models have; that of the header is none.
_NAME = re.compile(r"(?<![\w-])(?!(?:[\w-]*openai|realtime|api)-beta\b)[\w./]+(?:-[\w.]+)*-beta\b[\w.-]*")
_VALUE = re.compile(r"realtime\s*=\s*v1")  # what the header says
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
    """Whether one of these, words of a service that refuses, says that it is for the dialect."""
    return any(_says(each) for each in words if each)


def of_close(code: int | None, reason: str, *, explained: bool = False) -> Refusal:
    """What a close before the session was there refuses; `explained`: an error has said why."""
    if refuses(reason):
        return Refusal.OF_DIALECT
    bare = code == REQUEST_REFUSED and not (explained or reason.strip())
    return Refusal.DOUBTFUL if bare else Refusal.OTHER


def headers_for(dialect: Dialect, headers: Mapping[str, str]) -> dict[str, str]:
    """`headers` as a handshake has them that asks for `dialect`; the header that tells it may be among them already."""
    name, value = BETA_HEADER
    if dialect is Dialect.GA:
        return {each: value for each, value in headers.items() if not _asks_beta(each, value)}
    if any(each.lower() == name.lower() for each in headers):
        return dict(headers)
    return {name: value, **headers}


def asks_beta(headers: Mapping[str, str]) -> bool:
    """Whether a handshake with these asks for beta."""
    return any(_asks_beta(name, value) for name, value in headers.items())


class Attempt:
    """One attempt: what its next dial asks for, and whether there is to be one more."""

    def __init__(self, asked: Dialect) -> None:
        self.asked = asked
        self._refusals: list[Refusal] = []

    def refused(self, refusal: Refusal, *, configured: bool) -> bool:
        """A dial was refused; True: the next one, in the dialect that is `asked` for now, is to follow at once."""
        if refusal is Refusal.OTHER:
            return False
        self._refusals.append(refusal)
        if configured or len(self._refusals) > 1:
            return False
        self.asked = other(self.asked)
        return True

    @property
    def both(self) -> bool:
        """Both dialects were refused, and at least one of them by name."""
        return len(self._refusals) > 1 and Refusal.OF_DIALECT in self._refusals


def _says(said: str | bytes | bytearray) -> bool:
    beginning = said[:MOST_WORDS]
    text = (beginning if isinstance(beginning, str) else beginning.decode(errors="replace")).lower()
    if _VALUE.search(text):
        return True
    return _OF_DIALECT.search(" ".join(re.split(r"[\W_]+", _NAME.sub(" ", text))).strip()) is not None


def _asks_beta(name: str, value: str) -> bool:
    return name.lower() == BETA_HEADER[0].lower() and value.strip() == BETA_HEADER[1]
