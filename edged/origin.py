"""Where edged comes from, and the command that adds an extra of pyproject.toml to the edged that runs."""

import shlex
import sys
from pathlib import Path

REPOSITORY = ""
"""Address of the public Git repository, such as https://example.org/edged.git; empty until its owner has one.

The pages follow it between markers: run scripts/draw-pages after a change.
"""

RELEASES = Path("/opt/edged")  # where the installer puts them
OF_DEBIAN = {
    "pyaudio": "python3-pyaudio",
    "systemd": "python3-systemd",
}  # an installed release sees Debian's packages
_HERE = Path(__file__).resolve().parent.parent


def from_repository(extra: str, repository: str) -> str:
    """What pip has to be given to install edged with an extra, quoted for a shell."""
    return shlex.quote(f"edged[{extra}] @ git+{repository}")


def how_to_add(
    extra: str, *, here: Path = _HERE, python: str = sys.executable, repository: str = REPOSITORY
) -> str:
    """The command in backticks. `here` is the folder that holds the package.

    A checkout is installed where it is: a copy from the repository would hide the checkout from its own Python.
    """
    if here.is_relative_to(RELEASES):
        package = OF_DEBIAN.get(extra)
        words = f"apt-get install -y {package}" if package else f"scripts/install.sh --with {extra}"
        return f"`sudo {words}`"
    if (here / "pyproject.toml").is_file():
        wanted = f"-e {shlex.quote(f'{here}[{extra}]')}"
    elif repository:
        wanted = from_repository(extra, repository)
    else:
        wanted = " ".join(map(shlex.quote, _requirements(extra)))
    return f"`{shlex.quote(python)} -m pip install {wanted}`"


def _requirements(extra: str) -> list[str]:
    """What the extra consists of, as the installed package says."""
    from importlib.metadata import PackageNotFoundError, requires  # noqa: PLC0415 large, and seldom asked

    try:
        lines = [line.replace("'", '"').partition(";") for line in requires("edged") or ()]
    except PackageNotFoundError:  # a package that somebody has copied
        lines = []
    return [name.strip() for name, _, marker in lines if marker.strip() == f'extra == "{extra}"']
