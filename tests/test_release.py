"""What a release says of the licences of what it carries; real wheels are in tests/system/boot/test_release.py."""

import subprocess
import zipfile
from pathlib import Path

import pytest

RELEASE = Path(__file__).parent.parent / "scripts" / "release"


def licences(folder):
    done = subprocess.run([RELEASE, "--licences", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def wheel(tmp_path):
    """Makes a wheel of some files, beside its metadata."""

    def make(name, metadata="", machine="any", **files):
        with zipfile.ZipFile(tmp_path / f"{name}-1.0-py3-none-{machine}.whl", "w") as file:
            file.writestr(f"{name}-1.0.dist-info/METADATA", f"Name: {name}\nVersion: 1.0\n{metadata}\n")
            for path, text in files.items():
                file.writestr(path.replace("INFO", f"{name}-1.0.dist-info"), text)
        return tmp_path

    return make


def test_each_text_of_each_package_is_there_with_its_parts(wheel):
    folder = wheel(
        "b", "License-Expression: MIT", **{"INFO/licenses/sub/any name": "Text of B.", "b/__init__.py": ""}
    )
    wheel(
        "A",
        "License: BSD\n and more",
        **{"INFO/LICENSE.rst": "Text of A.\r\n", "a/libc/COPYING": "Text of libc."},
    )
    said = licences(folder)
    assert (
        said.index("\nA 1.0\n")
        < said.index("Text of A.")
        < said.index("Text of libc.")
        < said.index("\nb 1.0\n")
    )
    assert "--- a/libc/COPYING ---\n\nText of libc." in said
    assert "metadata names it: BSD\n" in said
    assert "--- b-1.0.dist-info/licenses/sub/any name ---\n\nText of B." in said
    assert "\r" not in said


def test_a_wheel_without_a_text_is_named_as_such(wheel):
    said = licences(
        wheel("bare", "Classifier: License :: OSI Approved :: MIT License", **{"bare/licenses.py": "x"})
    )
    assert "in bare-1.0-py3-none-any.whl\n" in said
    assert "names it: License :: OSI Approved :: MIT License\nThis wheel holds no licence text.\n" in said
    assert "metadata names it: none\n" in licences(wheel("bare"))


def test_wheels_that_say_the_same_share_an_entry_and_libraries_inside_are_named(wheel):
    for machine in ("aarch64", "x86_64"):
        folder = wheel(
            "c", machine=machine, **{"INFO/NOTICE": "Text of C.", "c.libs/libgomp-1.so.1.0": "ELF"}
        )
    said = licences(folder)
    assert said.count("Text of C.") == 1
    assert "in c-1.0-py3-none-aarch64.whl, c-1.0-py3-none-x86_64.whl\n" in said
    assert "brings along: libgomp-1.so.1.0\n" in said


def test_a_text_that_stood_before_is_referred_to(wheel):
    folder = wheel("d", **{"INFO/LICENSE": "The same."})
    wheel("e", **{"INFO/LICENSE": "The same."})
    said = licences(folder)
    assert said.count("The same.") == 1
    assert "--- e-1.0.dist-info/LICENSE: as d-1.0.dist-info/LICENSE ---" in said


def test_edged_itself_is_not_one_of_others(wheel):
    assert "in edged" not in licences(wheel("edged", **{"INFO/LICENSE": "Ours."}))
