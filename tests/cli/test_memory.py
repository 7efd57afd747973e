"""Processes that may have little memory (`ulimit -v`): they work, or end with a sentence and an exit code of ours."""

import select
import signal
import subprocess
import sys

import pytest

from edged.errors import EXIT_CONFIG, EXIT_OK

IN_TIME_S = 120
EDGED = (sys.executable, "-P", "-m", "edged")
OURS = {0, 64, 70, 78}


def with_limit(mib, *words):
    """A command line with so much address space."""
    return ["/bin/sh", "-c", 'ulimit -v "$0" && exec "$@"', str(mib * 1024), *EDGED, *map(str, words)]


def ran(words):
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=IN_TIME_S)


@pytest.fixture
def config(tmp_path):
    """Of a kiosk without devices and without a line."""
    path = tmp_path / "config.yaml"
    path.write_text(
        f"version: 1\ncontrol: {{socket: {tmp_path}/s}}\nstate: {{dir: {tmp_path}/state}}\n"
        "button: {backend: none}\nlight: {backend: none}\nprovider: {url: 'ws://127.0.0.1:9'}\n"
        "microphone: {backend: 'null'}\nspeaker: {backend: 'null'}\n"
    )
    return path


def lived(words, mib, during=lambda: None):
    """Run a kiosk until it has ended by itself or is ready; its exit code and what it said."""
    with subprocess.Popen(
        with_limit(mib, "run", *words), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as kiosk:
        said = []
        try:
            while select.select([kiosk.stderr], [], [], IN_TIME_S)[0] and (line := kiosk.stderr.readline()):
                said.append(line)
                if "ready: " in line:
                    during()
                    kiosk.send_signal(signal.SIGTERM)
            return kiosk.wait(IN_TIME_S), "".join(said)
        finally:
            kiosk.kill()


@pytest.mark.slow
@pytest.mark.parametrize("mib", [35, 70, 100, 120, 150, 200, 220, 300])
@pytest.mark.parametrize("volume", [50, 40])
def test_a_kiosk_with_little_memory_runs_or_says_why_not(config, volume, mib):
    code, said = lived(["--config", config, "--set", f"speaker.volume={volume}"], mib)
    assert code in {EXIT_OK, EXIT_CONFIG}, said
    assert "OpenBLAS" not in said
    assert "Traceback" not in said
    if code == EXIT_CONFIG:
        assert "MiB of memory, which the limits do not allow (ulimit -v" in said
    assert code == EXIT_OK or mib < 300


@pytest.mark.slow
def test_a_volume_that_takes_more_memory_is_refused_and_the_kiosk_goes_on(config, tmp_path):
    results = {}

    def during():
        results["done"] = ran([*EDGED, "ctl", "--socket", str(tmp_path / "s"), "volume", "40"])

    code, said = lived(["--config", config], 130, during)
    assert (code, "OpenBLAS" in said) == (EXIT_OK, False), said
    assert "numpy needs 192 MiB of memory, which the limits do not allow" in results["done"].stderr
    assert "the volume stays 50" in results["done"].stderr


def test_a_relay_without_the_memory_for_another_rate_says_so_at_the_start(tmp_path):
    key = tmp_path / "key"
    key.write_text("sk-0123456789")
    key.chmod(0o600)
    service = ("--provider", "qwen", "--set", f"provider.api_key_file={key}")
    done = ran(with_limit(130, "relay", "--port", "0", *service))
    assert done.returncode == EXIT_CONFIG, done
    assert done.stderr.startswith("provider.name: numpy needs 192 MiB of memory")
    assert "Raise the limits" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("mib", [26, 28, 30, 32, 36, 40, 60])
def test_other_verbs_end_with_a_code_of_ours(config, mib):
    done = ran(with_limit(mib, "config", "check", config))
    assert done.returncode in OURS, done
    assert "Traceback" not in done.stderr
    assert done.returncode == EXIT_OK or "Raise the limits" in done.stderr


BROKEN = """
import resource, sys
from edged import cli
def parser():
    raise SyntaxError("expected ':'")
cli.parser = parser
if sys.argv[1] == "limited":
    resource.setrlimit(resource.RLIMIT_DATA, (2**30, 2**30))
sys.exit(cli.main([]))
"""


@pytest.mark.parametrize(
    ("limit", "code", "said"), [("limited", EXIT_CONFIG, "Raise the limits"), ("free", 1, "Traceback")]
)
def test_what_the_compiler_makes_of_too_little_memory_counts_only_where_memory_is_limited(limit, code, said):
    """Seen once: `SyntaxError: expected ':'` in a module that is well, under `ulimit -v 36864`."""
    done = ran([sys.executable, "-P", "-c", BROKEN, limit])
    assert (done.returncode, said in done.stderr) == (code, True), done


HASHLIB = """
import logging, resource, sys
from edged import cli
def parser():
    complaint = "import logging\\nlogging.exception('code for hash sha1 was not found.')"
    exec(compile(complaint, "/usr/lib/python3/hashlib.py", "exec"))
    logging.error("ours")
    raise MemoryError
cli.parser = parser
if sys.argv[1] == "limited":
    resource.setrlimit(resource.RLIMIT_DATA, (2**30, 2**30))
sys.exit(cli.main([]))
"""


@pytest.mark.parametrize(("limit", "shown"), [("limited", False), ("free", True)])
def test_what_hashlib_says_of_missing_memory_is_left_out_only_where_memory_is_limited(limit, shown):
    done = ran([sys.executable, "-P", "-c", HASHLIB, limit])
    assert (done.returncode, "code for hash" in done.stderr) == (EXIT_CONFIG, shown), done
    assert "ours" in done.stderr
    assert "Raise the limits" in done.stderr
