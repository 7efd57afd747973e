"""Where edged comes from: each command that messages and pages name does what they say."""

import json
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from edged import origin
from edged.origin import how_to_add

ROOT = Path(__file__).parent.parent
draw_pages = runpy.run_path(str(ROOT / "scripts" / "draw-pages"))
draw, PAGES = draw_pages["draw"], draw_pages["PAGES"]

RELEASE = Path("/opt/edged/0.1.0/lib/python3.11/site-packages")
ADDRESS = "https://example.org/edged.git"
EXTRAS = frozenset(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])


def command(extra, **more):
    """The words of the one command in backticks."""
    (line,) = re.fullmatch(r"`([^`]+)`", how_to_add(extra, **more)).groups()
    return shlex.split(line)


# -- messages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("repository", ["", ADDRESS])
def test_on_a_kiosk_the_installer_adds_an_extra_or_debian_has_it(repository):
    added = {extra: command(extra, here=RELEASE, repository=repository) for extra in EXTRAS}
    assert added["aec"] == ["sudo", "/usr/local/lib/edged/install.sh", "--with", "aec"]
    assert added["pyaudio"] == ["sudo", "apt-get", "install", "-y", "python3-pyaudio"]
    packages = re.search(r"wanted=\((python3-venv.*)\)", (ROOT / "scripts/install.sh").read_text())[1].split()
    assert set(origin.OF_DEBIAN.values()) <= set(packages)
    for extra in EXTRAS - origin.OF_DEBIAN.keys():  # the installer knows them
        assert added[extra][2:] == ["--with", extra]
        assert sorted(path.name for path in ROOT.glob(f"requirements/{extra}-*")) == [
            f"{extra}-python3.11.txt",
            f"{extra}-python3.13.txt",
        ]


def test_a_package_that_every_edged_needs_comes_into_the_environment_that_runs():
    assert origin.how_to_have("gpiod>=2.1", python="/home/a b/bin/python") == (
        "run `'/home/a b/bin/python' -m pip install 'gpiod>=2.1'`"
    )
    assert "`sudo /usr/local/lib/edged/install.sh --repair`" in origin.how_to_have("gpiod>=2.1", here=RELEASE)


def test_in_a_checkout_it_is_installed_where_it_is():
    assert command("aec", repository=ADDRESS) == [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-e",
        f"{ROOT}[aec]",
    ]


def test_elsewhere_it_comes_from_the_repository(tmp_path):
    assert command("aec", here=tmp_path, python="/home/a b/bin/python", repository=ADDRESS) == [
        *("/home/a b/bin/python", "-m", "pip", "install"),
        f"edged[aec] @ git+{ADDRESS}",
    ]


def test_the_value_is_an_address_of_git_or_nothing():
    for address in (origin.REPOSITORY, origin.ARCHIVE):
        assert re.fullmatch(r"(https://[\w.-]+/[\w./~-]+)?", address)


# -- the commands themselves: pip is asked for nothing but edged and its extra ---------------------------


OWN = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"PIP_NO_INPUT": "1"}


def ran(*words, cwd="/", **env):
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env=OWN | env,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if done.returncode and "Could not find a version" in done.stderr:
        pytest.skip("there is no index of packages to be reached from here")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def checkout(tmp_path):
    """One with a blank in its path, as a clone of a repository."""
    folder = tmp_path / "my edged"
    for name in ("edged", "docs", "manual", "requirements", "scripts", "systemd"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (*ROOT.glob("*.md"), *map(ROOT.joinpath, ("pyproject.toml", "LICENSE", "config.yaml"))):
        shutil.copy(path, folder)
    identity = ["-c", "user.name=a", "-c", "user.email=a@localhost"]
    for words in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-q", "-m", "all"]):
        ran("git", "-C", folder, *words)
    return folder


@pytest.fixture
def python(tmp_path):
    """Of an environment of its own."""
    ran(sys.executable, "-m", "venv", tmp_path / "an env")
    return tmp_path / "an env" / "bin" / "python"


def missing_httpx(python, **env):
    """What is said where httpx is missing."""
    asked = "from edged.realtime import http; http._library()"
    done = subprocess.run(
        [python, "-c", asked], cwd="/", env=OWN | env, capture_output=True, text=True, check=False
    )
    return done.stderr.splitlines()[-1]


def pasted(message):
    """The command in a message, run by a shell."""
    return ran("bash", "-c", re.search(r"`([^`]+)`", message)[1])


@pytest.mark.slow
def test_pasted_in_a_checkout_the_command_adds_the_extra_and_the_checkout_stays_in_use(checkout, python):
    ran(python, "-m", "pip", "install", "-q", "websockets", "msgspec")
    said = missing_httpx(python, PYTHONPATH=str(checkout))
    pasted(said)
    where = ran(python, "-c", "import edged, httpx; print(edged.__file__)").strip()
    assert where == str(checkout / "edged" / "__init__.py")
    assert ran(python.parent / "edged", "--version").startswith("edged ")


@pytest.mark.nightly
def test_pasted_where_a_wheel_was_installed_the_command_adds_the_extra(checkout, python):
    ran(python, "-m", "pip", "install", "-q", checkout)
    pasted(missing_httpx(python))
    ran(python, "-c", "import edged, httpx")


@pytest.mark.nightly
def test_pasted_with_a_repository_the_commands_clone_and_add(checkout, python, tmp_path):
    address = f"file://localhost{checkout}".replace(" ", "%20")  # pip wants a host in it
    here = tmp_path / "here"
    here.mkdir()
    page = draw(
        "<!-- origin: get -->\n<!-- /origin -->\n<!-- origin: extra http --><!-- /origin -->\n", address
    )
    (clone,) = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    (add,) = re.findall(r"`(python3 .*)`", page)
    ran("bash", "-euc", clone.replace("sudo apt-get", "true"), cwd=here)
    assert (here / "edged" / "scripts" / "demo").exists()
    ran("bash", "-c", add, PATH=f"{python.parent}:{os.environ['PATH']}")
    ran(python, "-c", "import edged, httpx")
    assert json.loads(ran(python, "-m", "edged", "config", "show", "--json"))


# -- pages -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_as_the_script_draws_it(page):
    text = page.read_text()
    assert draw(text) == text, "run scripts/draw-pages"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_outside_the_markers_a_page_fetches_edged_from_nowhere(page):
    text = re.sub(r"<!-- origin: .*?<!-- /origin -->", "", page.read_text(), flags=re.DOTALL)
    assert not re.findall(r"(?:pip install|git clone)[^\n`]*\bedged\b.*", text)


def test_no_message_names_a_package_of_an_index():
    found = [
        path for path in ROOT.glob("edged/**/*.py") if re.search(r"pip install .?edged\b", path.read_text())
    ]
    assert not found


PAGE = """Get it:

<!-- origin: get -->
old
<!-- /origin -->

Add it (<!-- origin: extra http -->`old`<!-- /origin -->):

<!-- origin: extra aec -->
<!-- /origin -->
"""


def test_a_page_without_an_address_speaks_of_a_checkout():
    drawn = draw(PAGE, "")
    assert "cd edged" in drawn
    assert "git" not in drawn
    assert (
        "(<!-- origin: extra http -->`.venv/bin/python -m pip install -e '.[http]'`<!-- /origin -->)" in drawn
    )
    assert (
        "<!-- origin: extra aec -->\n\n```sh\n.venv/bin/python -m pip install -e '.[aec]'\n```\n\n<!-- /origin -->\n"
        in drawn
    )
    assert draw(drawn, "") == drawn


def test_a_page_with_an_address_names_it():
    drawn = draw(PAGE, ADDRESS)
    assert f"\ngit clone {ADDRESS} edged\ncd edged\n" in drawn
    assert f"`python3 -m pip install 'edged[http] @ git+{ADDRESS}'`" in drawn
    assert "old" not in drawn
    assert draw(draw(PAGE, ""), ADDRESS) == drawn == draw(drawn, ADDRESS)


def test_a_page_with_an_archive_needs_no_git():
    archive = "https://example.org/edged-0.1.0.tar.gz"
    drawn = draw(PAGE, ADDRESS, archive)
    assert f"\ncurl -fsSL {archive} | tar -xz\ncd edged\n" in drawn
    assert "git clone" not in drawn
    assert f"`python3 -m pip install 'edged[http] @ git+{ADDRESS}'`" in drawn
    assert draw(drawn, ADDRESS, archive) == drawn
    assert draw(drawn, "") == draw(PAGE, "")


def test_an_address_is_one_word_for_a_shell():
    address = "https://example.org/it's here.git"
    drawn = draw(PAGE, address)
    (clone,) = re.findall(r"^git clone .*$", drawn, re.MULTILINE)
    assert shlex.split(clone) == ["git", "clone", address, "edged"]
    (add,) = re.findall(r"^python3 -m pip install .*$", drawn, re.MULTILINE)
    assert shlex.split(add)[-1] == f"edged[aec] @ git+{address}"


@pytest.mark.parametrize(
    "mark",
    [
        "<!-- origin: gte -->x<!-- /origin -->",
        "<!-- origin: extra x -->y<!-- /origin -->",
        "<!-- origin: get -->",
    ],
)
def test_a_marker_that_means_nothing_is_an_error(mark):
    with pytest.raises(SystemExit, match="origin"):
        draw(mark, "")
