"""A release: the same sources give the same bytes, and every kiosk needs only wheels."""

import re
import subprocess
import sys
import zipfile

import pytest

from tests.system.boot.conftest import ROOT, copy_checkout, wheel_of

KIOSK = [word for minor in range(17, 37) for word in ("--platform", f"manylinux_2_{minor}_aarch64")]


def test_two_builds_from_two_places_are_the_same_bytes(tmp_path, wheel):
    elsewhere = copy_checkout(tmp_path / "tree")
    if not (ROOT / "systemd/edged.service").exists():
        (elsewhere / "systemd/edged.service").unlink()
    for path in elsewhere.rglob("*.py"):
        path.chmod(0o600)
    assert wheel_of(elsewhere, tmp_path / "two").read_bytes() == wheel.read_bytes()


def test_a_wheel_brings_all_that_the_installer_puts_somewhere(tmp_path, wheel):
    tree = copy_checkout(tmp_path / "tree")
    with zipfile.ZipFile(wheel) as file:
        shared = {name.partition("/share/edged/")[2] for name in file.namelist()}
    assert {
        "config.yaml",
        "install.sh",
        "requirements/python3.11.txt",
        "requirements/python3.13.txt",
        "requirements/aec-python3.11.txt",
    } <= shared
    files = {path.relative_to(tree).as_posix() for path in (tree / "systemd").rglob("*") if path.is_file()}
    assert files <= shared


@pytest.mark.parametrize("lock", sorted(ROOT.glob("requirements/*python*.txt")), ids=lambda lock: lock.stem)
def test_every_pin_has_a_wheel_for_a_pi(lock, tmp_path):
    python = lock.stem.rpartition("python")[2]
    words = ["--platform", "manylinux2014_aarch64", *KIOSK]
    words += ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--python-version", python]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", *words, "-d", str(tmp_path), "-r", str(lock)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if "Failed to establish a new connection" in done.stderr or "from versions: none" in done.stderr:
        pytest.skip("there is no index of packages to be reached from here")
    assert done.returncode == 0, done.stderr
    pins = [line for line in lock.read_text().splitlines() if "==" in line]
    assert len(list(tmp_path.glob("*.whl"))) == len(pins)


def test_a_release_with_wheels_of_others_carries_their_licences(release):
    said = (release / "THIRD-PARTY-LICENSES.txt").read_text()
    assert "THIRD-PARTY-LICENSES.txt" in (release / "SHA256SUMS").read_text()
    wheels = {
        path.name for path in (release / "wheelhouse").glob("*.whl") if not path.name.startswith("edged-")
    }
    assert wheels == {name for line in re.findall(r"(?m)^in (.*whl)$", said) for name in line.split(", ")}
    heads = re.compile(r"^={100}\n([\w-]+) \S+\nin .*\n={100}\n", re.MULTILINE)
    _, *parts = heads.split(said)
    texts = set(zip(parts[::2], parts[1::2], strict=True))
    for name, words in (
        ("PyYAML", "Ingy"),
        ("numpy", "Name: OpenBLAS"),
        ("livekit", "WebRTC project authors"),
    ):
        assert any(words in text for whose, text in texts if whose == name), name
    assert "holds no licence text" not in said  # where one comes that has none, its text is to be looked for
    assert (release / "SECURITY.md").exists() == (ROOT / "SECURITY.md").exists()


def test_a_wheel_brings_every_preset(wheel):
    wanted = {str(path.relative_to(ROOT)) for path in (ROOT / "edged/presets").iterdir()}
    with zipfile.ZipFile(wheel) as file:
        assert wanted == {name for name in file.namelist() if name.startswith("edged/presets/")}


def test_a_wheel_brings_every_phrase_in_less_than_six_megabytes(wheel):
    wanted = {str(path.relative_to(ROOT)) for path in (ROOT / "edged/phrases/sounds").rglob("*.wav")}
    with zipfile.ZipFile(wheel) as file:
        phrases = {
            each.filename: each.compress_size
            for each in file.infolist()
            if "phrases/sounds/" in each.filename
        }
    assert wanted | {"edged/phrases/sounds/recipe.txt"} == set(phrases)
    assert sum(phrases.values()) < 6_000_000
