"""What the installer does before it changes anything. tests/system/boot tests the rest on booted machines."""

import hashlib
import os
import re
import socketserver
import subprocess
import sys
import threading
import tomllib
from pathlib import Path
from random import Random

import pytest

from tests.strange import STRANGE, strange

HASH = "ab" * 32
INSTALLER = Path(__file__).parent.parent / "scripts" / "install.sh"


def run(
    script: Path, *words: str, env: dict[str, str] | None = None, by: tuple[str, ...] = ("/bin/bash",)
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*by, str(script), *words],
        env={"PATH": os.environ["PATH"], **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


@pytest.fixture
def traps(tmp_path):
    """A directory of commands that do nothing except leave a trace."""
    names = [
        "apt-get",
        "dpkg",
        "findmnt",
        "id",
        "install",
        "ln",
        "mkdir",
        "mktemp",
        "mv",
        "python3",
        "realpath",
        "rm",
        "sync",
        "systemctl",
        "useradd",
    ]
    directory = tmp_path / "bin"
    directory.mkdir()
    for name in names:
        (directory / name).write_text(f"#!/bin/sh\necho {name} >>{tmp_path}/traces\n")
        (directory / name).chmod(0o755)
    return directory


OWN_PATH = b"\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"


def looking(text: bytes, directory: Path) -> bytes:
    """Return the text of a script that looks for commands only there."""
    return text.replace(OWN_PATH, b"\nPATH=%s\n" % bytes(directory))


WHOLE = INSTALLER.read_bytes().rstrip()
LINES = [number for number, byte in enumerate(WHOLE) if byte == ord("\n")]
CUTS = {
    "blocks": range(0, len(WHOLE), 512),
    "lines": LINES[::15],
    "anywhere": sorted(Random(1).sample(range(len(WHOLE)), 60)),
    "the last line": range(LINES[-2], len(WHOLE)),
}


@pytest.mark.slow
@pytest.mark.parametrize("cuts", CUTS.values(), ids=CUTS)
def test_a_download_that_broke_off_does_nothing(tmp_path, traps, cuts):
    for cut in cuts:
        (tmp_path / "half.sh").write_bytes(looking(WHOLE[:cut], traps))
        run(tmp_path / "half.sh", "--unattended", env={"PATH": str(traps)})
        assert not (tmp_path / "traces").exists(), WHOLE[:cut][-60:]


def test_a_download_that_broke_off_on_its_way_into_a_shell_does_nothing(tmp_path, traps):
    for cut in [*range(0, len(WHOLE), 4096), *LINES[-4:], len(WHOLE) - 1]:
        subprocess.run(
            ["/bin/bash", "-s", "--", "--unattended"],
            input=looking(WHOLE[:cut], traps),
            env={"PATH": str(traps)},
            capture_output=True,
            check=False,
            timeout=30,
        )
        assert not (tmp_path / "traces").exists(), WHOLE[:cut][-60:]


def test_whole_it_would_have_left_traces(tmp_path, traps):
    (tmp_path / "whole.sh").write_bytes(looking(WHOLE, traps))
    run(tmp_path / "whole.sh", "--unattended", env={"PATH": str(traps)})
    assert (tmp_path / "traces").exists()


EVIL = {
    "PYTHONPATH": "/evil",
    "PYTHONHOME": "/evil",
    "PIP_INDEX_URL": "http://evil.example/",
    "PIP_CONFIG_FILE": "/evil/pip.conf",
    "TMPDIR": "/evil",
    "HOME": "/evil",
    "APT_CONFIG": "/evil/apt.conf",
    "PERL5OPT": "-MEvil",
    "XDG_CONFIG_HOME": "/evil",
    "CDPATH": "/evil",
    "SHELLOPTS": "noglob",
    "VIRTUAL_ENV": "/evil",
}
FUNCTIONS = ("dpkg", "set", "unset", "builtin", "compgen", "export", "printf", "realpath", "id", "apt-get")


@pytest.mark.parametrize("by", [("/bin/bash",), ()], ids=["a shell", "its own first line"])
def test_of_the_environment_of_a_root_shell_nothing_is_taken(tmp_path, traps, by):
    """Put commands in its PATH, define functions, and redirect Python, pip and mktemp."""
    probe = tmp_path / "probe.sh"
    end = b'main "$@"; exit; }'
    assert WHOLE.endswith(end)
    output = (
        b"/usr/bin/env; declare -Fx; shopt -qo noglob && echo noglob; shopt -qo posix && echo posix; exit; }"
    )
    probe.write_bytes(WHOLE.removesuffix(end) + output)
    probe.chmod(0o755)
    for name in ("bash", "env", "sed", "compgen"):
        (traps / name).write_text(f"#!/bin/sh\necho {name} >>{tmp_path}/traces\n")
        (traps / name).chmod(0o755)
    functions = {f"BASH_FUNC_{name}%%": f"() {{ echo {name} >>{tmp_path}/traces; }}" for name in FUNCTIONS}
    env = {**EVIL, **functions, "PATH": f"{traps}:/usr/bin:/bin", "https_proxy": "http://proxy:3128"}
    done = run(probe, env=env, by=by)
    assert dict(line.split("=", 1) for line in done.stdout.splitlines() if not line.startswith("_=")) == {
        "PATH": OWN_PATH.decode().strip().removeprefix("PATH="),
        "HOME": "/root",
        "https_proxy": "http://proxy:3128",
    }
    assert run(INSTALLER, "--config", "/nowhere", env=env, by=by).returncode == 64
    assert not (tmp_path / "traces").exists(), (tmp_path / "traces").read_text()


def test_started_with_sh_it_goes_on_in_bash_and_piped_into_sh_it_says_so():
    for shell in ("dash", "sh"):
        assert run(INSTALLER, "--help", by=(shell,)).stdout.startswith("Installs, upgrades or uninstalls")
        piped = subprocess.run(
            [shell, "-s", "--", "--unattended"],
            input=WHOLE,
            capture_output=True,
            check=False,
            timeout=30,
        )
        assert (piped.returncode, piped.stdout) == (64, b"")
        assert piped.stderr == b"edged: this needs bash: pipe it into bash, and not into sh\n"


def test_asked_for_help_it_does_nothing_else_even_if_it_cannot_read_itself(tmp_path, traps):
    done = subprocess.run(
        ["/bin/bash", "-s", "--", "--help", "--unattended"],
        input=looking(WHOLE, traps),
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert (done.returncode, b"bash install.sh --help" in done.stdout, done.stderr) == (0, True, b"")
    assert not (tmp_path / "traces").exists()


FETCH = re.search(r'-I - "\$url".*?\n(.*?)\nPYTHON\n', INSTALLER.read_text(), re.DOTALL)[1]
ANSWERS = {
    "whole": (b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nwheel", ""),
    "cut": (b"HTTP/1.0 200 OK\r\nContent-Length: 50\r\n\r\nwheel", "after 5 of 50 bytes"),
    "cut in a chunk": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nwheel",
        "ended too early",
    ),
    "gone": (b"HTTP/1.0 404 Not Found\r\n\r\n", "Not Found"),
    "no web server": (b"220 mail.example.org\r\n\r\n", "no web server"),
    "elsewhere": (b"HTTP/1.0 302 Found\r\nLocation: http://example.org/\r\n\r\n", "without TLS"),
    "hung up": (b"", "ended too early"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_is_fetched_is_whole_or_the_reason_is_one_sentence(tmp_path, name):
    """A proxy that the machine has is not for the machine itself."""
    answer, reason = ANSWERS[name]

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            while self.rfile.readline().strip():
                pass
            self.wfile.write(answer)

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        done = subprocess.run(
            [sys.executable, "-I", "-", f"http://127.0.0.1:{server.server_address[1]}/w", tmp_path / "w"],
            input=FETCH,
            env={"http_proxy": "http://127.0.0.1:1", "no_proxy": "example.org"},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    assert (done.returncode, reason in done.stderr) == (int(bool(reason)), True), done.stderr
    assert len(done.stderr.splitlines()) == int(bool(reason))
    if not reason:
        assert (tmp_path / "w").read_text() == "wheel"


@pytest.mark.parametrize("kind", STRANGE)
def test_what_is_no_file_is_refused_before_anything(tmp_path, kind):
    with strange(kind, tmp_path / "it") as path:
        for option in ("--wheel", "--config", "--api-key-file"):
            done = run(INSTALLER, option, str(path))
            assert (done.returncode, "is not a file" in done.stderr) == (64, True)


def test_help_lists_every_option_there_is():
    output = run(INSTALLER, "--help")
    assert output.returncode == 0
    for option in (
        "unattended",
        "dry-run",
        "version",
        "wheel",
        "wheelhouse",
        "config",
        "api-key-file",
        "no-start",
        "url",
        "sha256",
        "rollback",
        "repair",
        "replace-config",
    ):
        assert f"--{option} " in output.stdout
    assert "--uninstall" in output.stdout
    assert "--purge" in output.stdout


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--unatended"], "--unatended"),
        (["--wheel"], "--wheel"),
        (["--wheel", "/nowhere/edged.whl"], "/nowhere/edged.whl"),
        (["--wheelhouse", "/nowhere"], "/nowhere"),
        (["--version", "one; two"], "one; two"),
        (["--purge"], "--uninstall"),
        (["--replace-config"], "--config"),
        (["--rollback", "--repair"], "--rollback and --repair"),
        (["--version", "1", "--url", "https://example.org/x.whl", "--sha256", HASH], "--url and --version"),
        (["--url", "https://example.org/x.whl"], "--sha256"),
        (["--url", "https://example.org/x.whl", "--sha256", "abc"], "64"),
        (["--sha256", HASH], "--url"),
        *(
            (["--url", url, "--sha256", HASH], url)
            for url in (
                *(
                    "http://example.org/x.whl",
                    "http://127.0.0.1.example.org/x.whl",
                    "http://localhost.example.org/x.whl",
                ),
                *("http://localhost:80@example.org/x.whl", "http://127.0.0.1:80@example.org/x.whl"),
                *("ftp://example.org/x.whl", "/tmp/x.whl", "https:///x.whl"),
            )
        ),
    ],
)
def test_a_wrong_word_is_named_and_ends_it_with_64(words, named):
    done = run(INSTALLER, *words)
    assert done.returncode == 64
    assert named in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_sample_of_this_release_is_one_that_the_installer_knows():
    samples = (INSTALLER.parent / "samples.sha256").read_text().split()
    sample = hashlib.sha256((INSTALLER.parents[1] / "config.yaml").read_bytes()).hexdigest()
    assert sample in samples, "config.yaml has changed: run scripts/draw-samples"
    assert len(set(samples)) == len(samples)


def test_edged_itself_never_comes_from_an_index():
    """Nobody here owns the name on any index."""
    text = INSTALLER.read_text()
    assert not re.findall(r"pip (?:install|download)[^\n]*edged[=\[ ]", text)
    for call in re.findall(r"pip (?:install|download) ((?:\\\n|[^\n])*)", text):
        assert "--require-hashes" in call or "words[@]" in call or '--no-index "$wheel"' in call, call


def test_an_extra_that_there_is_not_is_refused_with_those_that_there_are():
    project = tomllib.loads((INSTALLER.parent.parent / "pyproject.toml").read_text())["project"]
    done = run(INSTALLER, "--with", "ace")
    assert done.returncode == 64
    assert (
        done.stderr
        == "edged: --with ace: unknown extra; the extras are: aec companion desktop http tui (try --help)\n"
    )
    both = run(INSTALLER, "--with", "aec desktop")  # each needs a --with of its own
    assert (both.returncode, both.stderr.partition(";")[0]) == (
        64,
        "edged: --with aec desktop: unknown extra",
    )
    assert {"aec", "companion", "desktop", "http", "tui"} <= project["optional-dependencies"].keys()
