"""Finds the control socket and the state folder that `auto` stands for: the system's, or the user's own.

Rules:
1. A systemd service uses the folders that its unit provides. Root uses the system's folders, and so does any user who
   may write there.
2. Every other user has a socket below $XDG_RUNTIME_DIR, or below /run/user/UID if `su` or `sudo` did not keep that
   variable. If neither folder is the user's own, or the path is too long for a socket, the socket is in a private
   folder below the temporary folder. The user's state is below $XDG_STATE_HOME or ~/.local/state. If the user cannot
   write there, no state is kept.
3. The folder of a user's own socket must belong to that user and has the mode 0700. Another user who owned the folder
   could answer in place of edged. So the daemon and its clients refuse such a folder.

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
    """The folder of the user's own socket does not belong to that user; the text says what to do."""


def control_socket(configured: str, env: Mapping[str, str]) -> str:
    """Return the path on which the daemon serves. A configured path other than `auto` is returned unchanged."""
    if configured != AUTO:
        return configured
    if given := _given(env, "RUNTIME_DIRECTORY"):
        return f"{given}/{_SOCKET}"
    return SYSTEM_SOCKET if _may_use(Path(SYSTEM_SOCKET).parent) else _own_socket(env)


def control_sockets(configured: str, env: Mapping[str, str]) -> tuple[str, ...]:
    """Return the paths at which a client looks for the daemon, in the order in which it tries them."""
    if configured != AUTO:
        return (configured,)
    own = () if os.geteuid() == 0 else (_own_socket(env),)
    return tuple(dict.fromkeys((SYSTEM_SOCKET, control_socket(AUTO, env), *own)))


def state_dir(configured: str, env: Mapping[str, str]) -> str:
    """Return the folder for facts that are kept over a restart; empty if none are kept."""
    if configured != AUTO:
        return configured
    if given := _given(env, "STATE_DIRECTORY"):
        return given
    if _may_use(Path(SYSTEM_STATE)):
        return SYSTEM_STATE
    base = env.get("XDG_STATE_HOME", "")
    own = f"{base if base.startswith('/') else f'{_home(env)}/.local/state'}/edged"
    return own if own.startswith("/") and _may_write(Path(own)) else ""


def companion_state_dir(env: Mapping[str, str]) -> str:
    """Return the folder in which the companion keeps what it has counted; empty if it keeps nothing."""
    if given := _given(env, "STATE_DIRECTORY"):
        return given
    base = env.get("XDG_STATE_HOME", "")
    own = f"{base if base.startswith('/') else f'{_home(env)}/.local/state'}/edged-companion"
    return own if own.startswith("/") and _may_write(Path(own)) else ""


def claim(socket: Path, env: Mapping[str, str]) -> None:
    """Make the folder for the daemon's socket. Raises OSError."""
    if str(socket) != _own_socket(env):
        socket.parent.mkdir(parents=True, exist_ok=True)
        return
    with suppress(FileExistsError):
        socket.parent.mkdir(mode=0o700)
    check(socket, env)
    socket.parent.chmod(0o700)


def check(socket: Path, env: Mapping[str, str]) -> None:
    """Raises OSError if `socket` is the user's own socket, and its folder is missing or belongs to another user."""
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
    """Return the first of the folders that systemd made for its service; empty if there is none."""
    return env.get(name, "").partition(":")[0]


def _may_use(folder: Path) -> bool:
    return os.geteuid() == 0 or _may_write(folder)


def _may_write(folder: Path) -> bool:
    """Whether this user may write in the folder, or make it."""
    while not os.path.exists(folder):  # noqa: PTH110 unlike Path.exists, it raises nothing
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
    return next(fitting, f"/tmp/edged-{user}/{_SOCKET}")  # noqa: S108 `check` verifies the owner


def _is_own(folder: str) -> bool:
    return _is_folder(folder) and Path(folder).stat().st_uid == os.geteuid()


def _is_folder(path: str) -> bool:
    """Whether it is one, named by an absolute path; False, too, if this user may not look."""
    return path.startswith("/") and os.path.isdir(path)  # noqa: PTH112 unlike Path's it raises nothing


def _home(env: Mapping[str, str]) -> str:
    """Return the user's home folder; empty if there is none, because only root may write at the root of the disk."""
    with suppress(KeyError):
        return env.get("HOME") or pwd.getpwuid(os.geteuid()).pw_dir
    return ""
