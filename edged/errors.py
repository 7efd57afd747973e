"""The errors edged raises, as a tree.

    EdgedError                  .cause names its row in causes.py
    ├── ConfigError             the operator's: at a start exit 78, no restart; a reload is refused
    ├── UsageError              the caller's command line: exit 64
    ├── AddressError            an address to listen on is taken: exit 1, and its unit tries again
    ├── DeviceError             a microphone, speaker, button or lamp: tried again; one that hangs: exit 70
    ├── LinkError               the connection or the far end: tried again, at the pace of its cause
    ├── WireError               one message from the peer that is not of the protocol: counted, skipped
    └── CommandError            a request on the control socket that cannot be carried out

Ask of each: whose fault, and worth another try? The answer stands in causes.py, not here.
Whatever else of ours escapes in `run`, `serve`, `relay` or `rescue` is a bug: exit 70, and systemd starts the process
anew. One in the bridge of one client of the relay ends that client only, and what a library does without us ends
nothing (system/ours.py). Whoever gets no memory before any of them began ends with 78, and so does a command that only
asks; what it asks for and does not get is exit 1.
"""

EXIT_OK = 0
EXIT_USAGE = 64
EXIT_BUG = 70
EXIT_CONFIG = 78


class EdgedError(Exception):
    """Base of all; `cause` is the id of a row in causes.py."""

    cause = "bug"


class ConfigError(EdgedError):
    """The configuration cannot be used; `problems` has one line each, all of them at once."""

    cause = "config_invalid"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class UsageError(EdgedError):
    """A command line that makes no sense."""

    cause = "usage"


class AddressError(EdgedError):
    """An address to listen on that is taken, or that this machine does not have (yet)."""

    cause = "address_taken"


class DeviceError(EdgedError):
    """A device cannot be opened or has gone."""

    def __init__(self, message: str, cause: str = "microphone_lost") -> None:
        super().__init__(message)
        self.cause = cause


class LinkError(EdgedError):
    """The link to the service failed; `retry_after_s` is what the far end asked for, if it did.

    `said` is what of the message is the far end's own, in one piece or several, and may quote anybody; `code` is that
    of its close, `status` that of its HTTP answer.
    """

    def __init__(
        self,
        message: str,
        cause: str,
        retry_after_s: float | None = None,
        *,
        said: str | tuple[str, ...] = "",
        code: int | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.cause = cause
        self.retry_after_s = retry_after_s
        self.said, self.code, self.status = said, code, status


class WireError(EdgedError):
    """A message that is not of the protocol."""

    cause = "bad_message"


class CommandError(EdgedError):
    """A control command refused; the text goes to the client."""

    cause = "command_refused"
