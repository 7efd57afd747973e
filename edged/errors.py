"""The errors edged raises, as a tree.

    EdgedError                  .cause names its row in causes.py
    ├── ConfigError             a mistake of the operator: at a start exit 78, no restart; a reload is refused
    ├── UsageError              a mistake in the command line: exit 64
    ├── AddressError            an address to listen on is taken: exit 1, and its unit tries again
    ├── DeviceError             a microphone, speaker, button or lamp: tried again; a device that hangs: exit 70
    ├── LinkError               the connection or the far end: tried again, at the pace of its cause
    ├── WireError               one message from the peer does not follow the protocol: counted, skipped
    └── CommandError            a request on the control socket cannot be carried out

Ask of each error whose fault it is, and whether another try is worth it. causes.py holds the answers.

Any other exception of edged's own code in `run`, `serve`, `relay` or `rescue` is a bug: exit 70, and systemd restarts
the process. A bug in the bridge of one relay client ends that client only. A failure inside a library, without edged's
code in its stack, ends nothing (system/ours.py).

If a process gets too little memory to begin one of these commands, it exits with 78. A command that only asks a running
daemon then exits with 78, too. A command that does not get what it asks for exits with 1.
"""

EXIT_OK = 0
EXIT_USAGE = 64
EXIT_BUG = 70
EXIT_CONFIG = 78


class EdgedError(Exception):
    """Base of all errors; `cause` is the id of a row in causes.py."""

    cause = "bug"


class ConfigError(EdgedError):
    """The configuration cannot be used. `problems` lists all of its problems, one line each."""

    cause = "config_invalid"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class UsageError(EdgedError):
    """The command line makes no sense."""

    cause = "usage"


class AddressError(EdgedError):
    """An address to listen on is taken, or this machine does not have it (yet)."""

    cause = "address_taken"


class DeviceError(EdgedError):
    """A device cannot be opened, or was lost."""

    def __init__(self, message: str, cause: str = "microphone_lost") -> None:
        super().__init__(message)
        self.cause = cause


class LinkError(EdgedError):
    """The link to the service failed. `retry_after_s` is the wait that the far end asked for, or None.

    `said` is the part of the message that comes from the far end, in one piece or several. It may quote anybody.
    `code` is the far end's close code, and `status` the status of its HTTP answer.
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
    """A message does not follow the protocol."""

    cause = "bad_message"


class CommandError(EdgedError):
    """A control command was refused; the client receives the text."""

    cause = "command_refused"
