"""Whatever lies in the place of a file that a process reads or writes: it neither hangs nor ends what runs."""

import resource
import subprocess
import sys
import time

import pytest

from edged.errors import EXIT_CONFIG, EXIT_OK
from edged.system.control_client import ControlClient
from tests.strange import STRANGE, strange

IN_TIME_S = 120  # a process that hangs is ended; a busy machine needs a few seconds
EDGED = (sys.executable, "-P", "-m", "edged")


def ran(*words, **more):
    """A command line until its end."""
    return subprocess.run(
        [*EDGED, *map(str, words)], capture_output=True, text=True, check=False, timeout=IN_TIME_S, **more
    )


class Running:
    """A kiosk without devices, as a process; `restart` begins it again."""

    def __init__(self, folder, process):
        self.folder, self.process = folder, process

    def ctl(self, *words):
        return ran("ctl", "--socket", self.folder / "s", *words)

    def state(self):
        with ControlClient(self.folder / "s") as client:
            return client.snapshot

    def causes(self):
        return [trouble["cause"] for trouble in self.state()["troubles"]]

    def end(self):
        self.process.terminate()
        assert self.process.wait(IN_TIME_S) == EXIT_OK
        return (self.folder / "log").read_text()


@pytest.fixture
def kiosk(tmp_path):
    """Starts one: `kiosk("provider: {api_key_file: k}")`; its key is a file that is there."""
    started = []

    def start(*lines, **more):
        (tmp_path / "key").write_text("sk-of-a-test")
        text = [
            "version: 1",
            f"control: {{socket: {tmp_path}/s}}",
            f"state: {{dir: {tmp_path}/state}}",
            "button: {backend: none}",
            "light: {backend: none}",
            "microphone: {backend: 'null'}",
            "speaker: {backend: 'null'}",
            *(
                lines
                or [f"provider: {{name: custom, url: 'wss://127.0.0.1:9', api_key_file: {tmp_path}/key}}"]
            ),
        ]
        (tmp_path / "config.yaml").write_text("\n".join(text))
        with (tmp_path / "log").open("w") as log:
            process = subprocess.Popen(
                [*EDGED, "run", "--config", str(tmp_path / "config.yaml")],
                **{"stdin": subprocess.DEVNULL, "stderr": log, **more},
            )
        started.append(process)
        running = Running(tmp_path, process)
        until = time.monotonic() + IN_TIME_S
        while process.poll() is None and time.monotonic() < until:
            try:
                running.state()
            except Exception:  # noqa: BLE001 it is not there yet
                time.sleep(0.05)
            else:
                return running
        raise AssertionError((tmp_path / "log").read_text())

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.slow
@pytest.mark.parametrize("kind", STRANGE)
def test_a_start_ends_with_a_sentence(tmp_path, kind):
    with strange(kind, tmp_path / "it") as path:
        for words in (
            ("run", "--config", path),
            ("config", "check", path),
            ("run", "--set", f"provider.api_key_file={path}"),
            ("relay", "--port", 0, "--token-file", path),
            ("serve", "--port", 0, "--key-file", path),
            ("serve", "--port", 0, "--script", path),
        ):
            done = ran(*words)
            assert (done.returncode, STRANGE[kind] in done.stderr) == (EXIT_CONFIG, True), (words, done)
            assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_what_runs_goes_on_whatever_takes_the_place_of_its_files(kiosk, tmp_path):
    here = kiosk()
    for kind, words in STRANGE.items():
        for name in ("config.yaml", "key"):
            (tmp_path / name).rename(tmp_path / "aside")
            with strange(kind, tmp_path / name) as path:
                done = ran("reload", "--socket", tmp_path / "s")
                assert (done.returncode, words in done.stderr) == (EXIT_CONFIG, True), done
                (path.rmdir if kind == "directory" else path.unlink)()
            (tmp_path / "aside").rename(tmp_path / name)
    assert ran("reload", "--socket", tmp_path / "s").returncode == EXIT_OK
    assert here.state()["state"] == "IDLE"
    here.end()


@pytest.mark.slow
@pytest.mark.parametrize("kind", STRANGE)
def test_authorities_that_are_no_file_are_a_line_that_is_down(kiosk, tmp_path, kind):
    with strange(kind, tmp_path / "ca") as path:
        here = kiosk(f"provider: {{name: custom, url: 'wss://127.0.0.1:9', ca_file: {path}}}")
        until = time.monotonic() + IN_TIME_S
        while not here.causes() and time.monotonic() < until:
            time.sleep(0.05)
        (trouble,) = here.state()["troubles"]
        assert (trouble["cause"], STRANGE[kind] in trouble["text"]) == ("tls_failed", True)
        here.end()


@pytest.mark.slow
@pytest.mark.parametrize("kind", STRANGE)
def test_a_kiosk_whose_switches_cannot_be_read_is_muted_until_it_is_unmuted(kiosk, tmp_path, kind):
    with strange(kind, tmp_path / "state" / "switches.json"):
        here = kiosk()
        state = here.state()
        assert (state["muted"], state["light"]) == (True, "muted")
        shown = ran("status", "--socket", tmp_path / "s").stdout
        assert "microphone: switches_unreadable: " in shown
        assert "edged ctl unmute" in shown
        assert here.ctl("unmute").stderr == ""
        assert not here.state()["muted"]
        here.end()
        here = kiosk()
        assert not here.state()["muted"]
        here.end()


@pytest.mark.slow
def test_what_a_full_disk_does_not_keep_is_told_to_whoever_mutes(kiosk):
    full = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8, 8))}  # bytes of any file
    here = kiosk(**full, stderr=subprocess.DEVNULL)
    done = here.ctl("mute")
    assert done.returncode == EXIT_OK
    assert done.stderr.startswith("edged ctl mute: not saved: ")
    assert "File too large" in done.stderr
    assert here.state()["muted"]
    assert set(here.causes()) >= {"muted", "switches_forgotten"}
    here.end()
    here = kiosk()
    assert not here.state()["muted"]
    assert here.ctl("mute").stderr == ""
    here.end()
    here = kiosk()
    assert here.state()["muted"]
    here.end()


@pytest.mark.slow
def test_a_part_that_is_not_read_is_told_at_the_start_and_at_a_reload(kiosk, tmp_path):
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "10-site.yml").write_text("mode: toggle\n")
    here = kiosk()
    assert here.state()["mode"] == "hold"
    (tmp_path / "conf.d" / "10-site.yml").rename(tmp_path / "conf.d" / "20-site.yml")
    assert ran("reload", "--socket", tmp_path / "s").returncode == EXIT_OK
    said = here.end()
    for name in ("10-site", "20-site"):
        assert f'conf.d/{name}.yml: not read: only *.yaml files are (rename it to "{name}.yaml")' in said
