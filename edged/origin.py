"""The public repository of edged, and the command that adds an extra (pyproject.toml) to the installed edged."""

import shlex
import sys
from pathlib import Path

REPOSITORY = ""
"""Address of the public Git repository, such as https://example.org/edged.git; empty until its owner has one.

The pages repeat it between markers: run scripts/draw-pages after a change.
"""

ARCHIVE = ""
"""Address of a release's archive, which scripts/release makes (edged-VERSION.tar.gz); empty until there is one."""

INSTALLER = "/usr/local/lib/edged/install.sh"  # its copy, which needs no checkout
RELEASES = Path("/opt/edged")  # where the installer puts releases
# An installed release can use Debian's packages.
OF_DEBIAN = {
    "evdev": "python3-evdev",
    "pyaudio": "python3-pyaudio",
    "systemd": "python3-systemd",
}
_HERE = Path(__file__).resolve().parent.parent


def from_repository(extra: str, repository: str) -> str:
    """The argument with which pip installs edged and an extra from the repository, quoted for a shell."""
    return shlex.quote(f"edged[{extra}] @ git+{repository}")


def how_to_add(
    extra: str, *, here: Path = _HERE, python: str = sys.executable, repository: str = REPOSITORY
) -> str:
    """The command that adds `extra`, in backticks. `here` is the folder that holds the package.

    A checkout is installed in place (`-e`): a copy from the repository would hide the checkout from its own Python.
    """
    if here.is_relative_to(RELEASES):
        package = OF_DEBIAN.get(extra)
        words = f"apt-get install -y {package}" if package else f"{INSTALLER} --with {extra}"
        return f"`sudo {words}`"
    if (here / "pyproject.toml").is_file():
        wanted = f"-e {shlex.quote(f'{here}[{extra}]')}"
    elif repository:
        wanted = from_repository(extra, repository)
    else:
        wanted = " ".join(map(shlex.quote, _requirements(extra)))
    return f"`{shlex.quote(python)} -m pip install {wanted}`"


def how_to_have(requirement: str, *, here: Path = _HERE, python: str = sys.executable) -> str:
    """What brings a package that edged needs on every machine, with the command in backticks.

    A release has them all. If one is missing there, the release is damaged.
    """
    if here.is_relative_to(RELEASES):
        return f"this release is damaged: run `sudo {INSTALLER} --repair`"
    return f"run `{shlex.quote(python)} -m pip install {shlex.quote(requirement)}`"


def _requirements(extra: str) -> list[str]:
    """The requirements of the extra, as the metadata of the installed package lists them."""
    from importlib.metadata import PackageNotFoundError, requires  # noqa: PLC0415 large, and seldom asked

    try:
        lines = [line.replace("'", '"').partition(";") for line in requires("edged") or ()]
    except PackageNotFoundError:  # somebody has copied the package without its metadata
        lines = []
    return [name.strip() for name, _, marker in lines if marker.strip() == f'extra == "{extra}"']
