"""The bare Debian from which a box starts: made once, kept outside the checkout, never written to afterwards.

Packages come from where this machine is set up to get them: its archive and options for apt, its index and options
for pip. None of that is in the image's name or in this file.
"""

import os
import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

from instruments.rig.able import obstacle

# What Raspberry Pi OS has beyond the essential packages and a service may notice. No Python: edged brings its own.
PACKAGES = ("systemd", "systemd-sysv", "dbus", "udev", "ca-certificates", "util-linux", "mount")
TOOLS = {"mmdebstrap": "mmdebstrap", "systemd-nspawn": "systemd-container"}


def _missing() -> str:
    if os.geteuid() != 0:
        return "it needs root"
    if found := obstacle():
        return found
    absent = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    return f"it needs {' '.join(absent)}: apt-get install -y {' '.join(absent)}" if absent else ""


MISSING = _missing()
"""Why there is no rig on this machine; empty if there is one."""


def image(suite: str, packages: tuple[str, ...] = PACKAGES) -> Path:
    """The root of a bare Debian; the first call makes it, which takes about twenty seconds."""
    place = cache() / f"{suite}-{sha256(repr(packages).encode()).hexdigest()[:12]}"
    if not place.exists():
        new = place.with_name(f"{place.name}.{os.getpid()}")
        new.parent.mkdir(parents=True, exist_ok=True)
        options = [f"--aptopt={line}" for line in apt_options()]
        done = _ran(
            *("mmdebstrap", "--quiet", "--variant=minbase", "--format=directory", *options),
            *(f"--include={','.join(packages)}", suite, str(new), _archive(suite)),
        )
        if done.returncode:
            shutil.rmtree(new, ignore_errors=True)
            raise RuntimeError(f"cannot make an image:\n{done.stderr[-3000:]}")
        new.rename(place)
    return place


def apt_options() -> list[str]:
    """How apt reaches its archive here, as lines of its configuration."""
    lines = _ran("apt-config", "dump", "Acquire").stdout.splitlines()
    return [line for line in lines if re.match(r"Acquire::(https?|Retries|ForceIPv[46])\b.*\".+\"", line)]


def pip_options() -> dict[str, str]:
    """How pip reaches its index here, from its environment and its files."""
    output = _ran("python3", "-m", "pip", "config", "list").stdout
    found = re.findall(r"^[\w:]+\.([\w-]+)='(.*)'$", output, re.MULTILINE)
    return {name: value for name, value in found if name not in {"no-cache-dir", "require-virtualenv"}}


def cache() -> Path:
    """The folder for things that are made once, outside the checkout."""
    own = os.environ.get("EDGED_ENV")
    base = (
        Path(own) / "cache"
        if own
        else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edged"
    )
    return base / "rig"


def _archive(suite: str) -> str:
    """Where this machine gets Debian from, for a suite that need not be its own."""
    wanted = (
        "indextargets",
        "--format",
        "$(LABEL)|$(CODENAME)|$(RELEASE)|$(REPO_URI)",
        "Created-By: Packages",
    )
    for refresh in (["true"], ["apt-get", "-q", "update"]):  # a clean machine has no lists yet
        _ran(*refresh)
        for line in _ran("apt-get", *wanted).stdout.splitlines():
            label, codename, release, uri = line.split("|")
            if label == "Debian" and codename == release:
                return f"deb {uri} {suite} main"
    raise RuntimeError("apt knows no archive of Debian here; run apt-get update")


def _ran(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=600)
