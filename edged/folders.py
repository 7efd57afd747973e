"""Which socket and which folder `auto` means: the system's, or those of the user who runs edged.

Rules:
1. A service of systemd has what its unit gives it; root has the system's, and so has any user who may write there.
2. The others have their own socket, below $XDG_RUNTIME_DIR, or below /run/user where `su` or `sudo` did not keep that
   variable. Where there is neither, or the address would be too long for a socket, it is in a private folder below
   the temporary one.
   They have their own state, below $XDG_STATE_HOME or ~/.local/state. Where they cannot write there, no state is kept.
3. The folder of a user's own socket is theirs, mode 0700. Whoever else had made it could answer in place of edged, so
   another user's is refused, by the daemon and by its clients.

`env` is the environment of the process.
"""

import os
import pwd
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

AUTO = "auto"
SYSTEM_SOCKET = "/run/edged/control.sock"
SYSTEM_STATE = "/var/lib/edged"
LONGEST_SOCKET = 107  # bytes; the kernel takes no longer address
_SOCKET = "control.sock"


class UnfitFolderError(OSError):
    """The folder of the user's own socket is not theirs; the text says what helps."""


def control_socket(configured: str, env: Mapping[str, str]) -> str:
    """Where the daemon serves; what is configured and not `auto` is taken as it is."""
    if configured != AUTO:
        return configured
    if given := _given(env, "RUNTIME_DIRECTORY"):
        return f"{given}/{_SOCKET}"
    return SYSTEM_SOCKET if _may_use(Path(SYSTEM_SOCKET).parent) else _own_socket(env)


def control_sockets(configured: str, env: Mapping[str, str]) -> tuple[str, ...]:
    """Where a client looks for the daemon, one after the other."""
    if configured != AUTO:
        return (configured,)
    own = () if os.geteuid() == 0 else (_own_socket(env),)
    return tuple(dict.fromkeys((SYSTEM_SOCKET, control_socket(AUTO, env), *own)))


def state_dir(configured: str, env: Mapping[str, str]) -> str:
    """Where facts are kept over a restart; empty: nowhere."""
    if configured != AUTO:
        return configured
    if given := _given(env, "STATE_DIRECTORY"):
        return given
    if _may_use(Path(SYSTEM_STATE)):
        return SYSTEM_STATE
    base = env.get("XDG_STATE_HOME", "")
    own = f"{base if base.startswith('/') else f'{_home(env)}/.local/state'}/edged"
    return own if own.startswith("/") and _may_write(Path(own)) else ""


def claim(socket: Path, env: Mapping[str, str]) -> None:
    """Make the folder of a socket that is to be served. Raises OSError."""
    if str(socket) != _own_socket(env):
        socket.parent.mkdir(parents=True, exist_ok=True)
        return
    with suppress(FileExistsError):
        socket.parent.mkdir(mode=0o700)
    check(socket, env)
    socket.parent.chmod(0o700)


def check(socket: Path, env: Mapping[str, str]) -> None:
    """Raises OSError where the user's own socket is meant, and its folder is not there or not theirs."""
    if str(socket) != _own_socket(env):
        return
    folder = socket.parent
    of = folder.lstat()
    if not stat.S_ISDIR(of.st_mode):
        raise UnfitFolderError(f"{folder} is not a folder and is not used: remove it, or set control.socket")
    if of.st_uid != os.geteuid():
        whose = f"{folder} belongs to another user (uid {of.st_uid})"
        raise UnfitFolderError(f"{whose} and is not used: remove it, or set control.socket")


def _given(env: Mapping[str, str], name: str) -> str:
    """The first of the folders that systemd made for its service."""
    return env.get(name, "").partition(":")[0]


def _may_use(folder: Path) -> bool:
    return os.geteuid() == 0 or _may_write(folder)


def _may_write(folder: Path) -> bool:
    """Whether this user may write in it, or make it."""
    while not os.path.exists(folder):  # noqa: PTH110 unlike Path's it raises nothing
        folder = folder.parent
    return os.access(folder, os.W_OK | os.X_OK)


def _own_socket(env: Mapping[str, str]) -> str:
    user = os.geteuid()
    runtimes = (env.get("XDG_RUNTIME_DIR", ""), f"/run/user/{user}")
    temporary = env.get("TMPDIR", "")
    places = [f"{runtime}/edged/{_SOCKET}" for runtime in runtimes if _is_own(runtime)]
    if _is_folder(temporary):
        places.append(f"{temporary}/edged-{user}/{_SOCKET}")
    fitting = (place for place in places if len(os.fsencode(place)) <= LONGEST_SOCKET)
    return next(fitting, f"/tmp/edged-{user}/{_SOCKET}")  # noqa: S108 `check` looks at whose it is


def _is_own(folder: str) -> bool:
    return _is_folder(folder) and Path(folder).stat().st_uid == os.geteuid()


def _is_folder(path: str) -> bool:
    """Whether it is one, named by an absolute path; False, too, if this user may not look."""
    return path.startswith("/") and os.path.isdir(path)  # noqa: PTH112 unlike Path's it raises nothing


def _home(env: Mapping[str, str]) -> str:
    """An empty one where there is none: nobody but root may write at the root of the disk."""
    with suppress(KeyError):
        return env.get("HOME") or pwd.getpwuid(os.geteuid()).pw_dir
    return ""
