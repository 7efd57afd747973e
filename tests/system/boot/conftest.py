"""Booted machines with and without edged, made once for all tests here."""

import contextlib
import fcntl
import os
import pickle
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from instruments.rig import MISSING, Box, image
from instruments.rig.kernel import locked

ROOT = Path(__file__).parents[3]
INSTALLER = "/root/edged/scripts/install.sh --unattended"
# A kiosk without devices, with the embedded service.
CONFIG = """version: 1
provider: {name: local}
button: {backend: none}
light: {backend: none}
microphone: {backend: "null"}
speaker: {backend: "null"}
"""

# What is compared: everything except what Debian itself writes in operation.
TREE = r"""
cd / && find bin boot etc home lib opt root sbin srv usr var \
    \( -path var/log -o -path var/cache -o -path var/lib/apt -o -path var/lib/dpkg -o -path root/edged \
       -o -path var/lib/systemd -o -path var/tmp -o -path etc/ld.so.cache -o -path opt/pypi -o -path opt/pypi-more \
       -o -name __pycache__ -o -path 'etc/*-' -o -path root/given \) -prune -o \
    -printf '%p %y %M %u %g %l\n' >/run/tree && sort /run/tree
sed -n 's/ f .*//p' /run/tree | tr '\n' '\0' | xargs -0 sha256sum -b -- | sort
"""
MARKS = "apt-mark showauto; apt-mark showmanual; dpkg-query -W -f '${db:Status-Abbrev} ${Package}\\n'"
BOTH = pytest.mark.parametrize("suite", ["bookworm", "trixie"])
SOONER_12 = pytest.mark.parametrize("suite", ["bookworm", pytest.param("trixie", marks=pytest.mark.nightly)])
UNTIMED = r"cd / && find etc opt usr var/lib/edged-install -printf '%p %T@ %C@\n' | sort"


class Installed:
    """Layers with edged installed. `bare` lists the earlier content of the machine (TREE), `marks` its packages
    (MARKS).

    `command` installed edged, and `said` is its output. `again` is the same without a configuration and a key.
    """

    def __init__(self, layers: tuple[Path, ...], bare: str, said: str, marks: str, command: str) -> None:
        self.layers = layers
        self.bare = bare
        self.said = said
        self.marks = marks
        self.command = command
        self.again = re.sub(r" --(config|api-key-file) \S+", "", command)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Form groups that run side by side. All boxes that share this machine's network, and its ports, are in one.

    The tests of a module that use the same Debian, alone, are a group: they may share a box.
    """
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.boot)
            group = "network"
            if item.get_closest_marker("alone"):
                call = getattr(item, "callspec", None)
                group = f"{item.path.stem}-{call.params.get('suite') if call else None}"
            item.add_marker(pytest.mark.xdist_group(group))
            if MISSING:
                item.add_marker(pytest.mark.skip(reason=MISSING))


def copy_checkout(to: Path, **changes: tuple[str, str]) -> Path:
    """Copy the checkout as a release uses it. `version` and the like are replaced in edged/__init__.py."""
    for name in ("edged", "systemd", "requirements", "docs", "scripts", "manual"):
        shutil.copytree(
            ROOT / name, to / name, ignore=shutil.ignore_patterns("__pycache__", ".*"), symlinks=True
        )
    for name in ("pyproject.toml", *(page.name for page in ROOT.glob("*.md")), "LICENSE", "config.yaml"):
        shutil.copy2(ROOT / name, to / name)
    for path, (old, new) in changes.items():
        replace(to / path, old, new)
    return to


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert re.search(old, text), f"{path} has no {old}"
    path.write_text(re.sub(old, new, text, count=1))


def wheel_of(tree: Path, to: Path) -> Path:
    """Build a wheel from a copied checkout, by its own recipe. Skips the test if it cannot be built."""
    done = subprocess.run(
        [str(tree / "scripts/release"), "--wheel", str(to)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if done.returncode and "Could not find a version" in done.stderr:
        pytest.skip("there is no index of packages to be reached from here")
    assert done.returncode == 0, done.stderr
    return next(to.glob("edged-*.whl"))


@pytest.fixture(scope="session")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Installed]]:
    """Make one machine per Debian: edged is installed unattended, and then the machine is switched off.

    On bookworm edged is installed from a checkout, and on trixie from a wheel. On trixie the journal is in memory, as
    on Raspberry Pi OS. A machine is made at its first use, once for all workers. Its maker keeps it until no worker is
    left.
    """
    place = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent
    made: dict[str, Installed] = {}
    with contextlib.ExitStack() as stack, (place / "users").open("a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        mine: list[Path] = []

        def machine(suite: str) -> Installed:
            pickled = place / f"{suite}.machine"
            if suite not in made:
                with locked(pickled):
                    if not pickled.exists():
                        box = stack.enter_context(Box(image(suite)))
                        new = install(box, tmp_path_factory.mktemp(suite), by_wheel=suite != "bookworm")
                        pickled.write_bytes(pickle.dumps(new))
                        mine.append(pickled)
                    made[suite] = pickle.loads(pickled.read_bytes())
            return made[suite]

        yield machine
        for pickled in mine:
            with locked(pickled):
                pickled.unlink()
        fcntl.flock(users, fcntl.LOCK_EX)


def install(box: Box, place: Path, *, by_wheel: bool) -> Installed:
    """Install edged on a bare machine, and switch the machine off."""
    if by_wheel:
        box.file("/etc/systemd/journald.conf.d/40-volatile.conf", "[Journal]\nStorage=volatile\n")
    bare = box.ask(TREE)
    marks = box.ask(MARKS)
    (box.root / "root/edged").mkdir()
    copy_checkout(box.root / "root/edged")
    box.file("/root/given/config.yaml", CONFIG)
    box.file("/root/given/key", "sk-secret\n", 0o600)
    words = "--config given/config.yaml --api-key-file given/key"
    if by_wheel:
        words += f" --wheel {give(box, wheel_of(box.root / 'root/edged', place))}"
    command = f"{INSTALLER} {words}"
    said = box.ask(command, timeout_s=280)
    return Installed(box.freeze(), bare, said, marks, command)


def give(box: Box, wheel: Path) -> str:
    """Give the box a file of this machine. Returns its name there."""
    (box.root / "root/given").mkdir(exist_ok=True)
    (box.root / "root/given" / wheel.name).write_bytes(wheel.read_bytes())
    return f"/root/given/{wheel.name}"


@pytest.fixture(scope="session")
def installed(machines: Callable[[str], Installed]) -> Installed:
    """The machine with bookworm."""
    return machines("bookworm")


@pytest.fixture
def suite() -> str:
    """The Debian that `boot` boots. A test for both is parametrised by `BOTH` or `SOONER_12`."""
    return "bookworm"


@pytest.fixture
def boot(
    machines: Callable[[str], Installed], suite: str, request: pytest.FixtureRequest
) -> Iterator[Callable[[], Box]]:
    """Boots a separate machine from those layers, without a network if the test is marked `alone`."""
    alone = request.node.get_closest_marker("alone") is not None
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(Box(*machines(suite).layers, alone=alone))


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The next release with its wheelhouse, as people carry it to a site without a network."""
    place = tmp_path_factory.mktemp("release")
    tree = copy_checkout(place / "tree")
    replace(tree / "edged/__init__.py", '__version__ = "[^"]*"', '__version__ = "0.9.3"')
    done = subprocess.run(
        [str(tree / "scripts/release"), "--wheelhouse", "--output", str(place / "dist")],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    if done.returncode and "Could not find a version" in done.stderr:
        pytest.skip("there is no index of packages to be reached from here")
    assert done.returncode == 0, done.stderr
    return place / "dist"


BREAKS = {
    "broken": ("edged/cli/run.py", r"\ndef run\(.*\n", r'\g<0>    raise RuntimeError("no luck today")\n'),
    "lonely": (
        "edged/dial/providers.py",
        r'("local": Provider\(\n +"ws://127\.0\.0\.1:)8765/',
        r"\g<1>9/",
    ),
}


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The next release, a later one that does not start, and one that does not find the embedded service."""
    place = tmp_path_factory.mktemp("wheels")
    made = {}
    for name, version in (("good", "0.9.1"), ("broken", "0.9.2"), ("lonely", "0.9.4")):
        tree = copy_checkout(place / name)
        replace(tree / "edged/__init__.py", '__version__ = "[^"]*"', f'__version__ = "{version}"')
        if name in BREAKS:
            path, old, new = BREAKS[name]
            replace(tree / path, old, new)
        made[name] = wheel_of(tree, place / f"dist-{name}")
    return made
