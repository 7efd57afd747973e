"""The example of docs/control-socket.md, as it stands there, beside a real daemon."""

import json
import re
import subprocess
import sys

import pytest

from edged.config.keys import KEYS
from edged.system.control_client import ControlClient
from tests.cli.daemon import IN_TIME_S, ROOT, running, serving

PAGE = ROOT / "docs" / "control-socket.md"


@pytest.fixture
def program(tmp_path):
    """The program of the page, in a file."""
    (text,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(text.splitlines()) <= 32
    path = tmp_path / "kiosk.py"
    path.write_text(text)
    return path


@pytest.mark.slow
def test_the_program_of_the_page_shows_the_light_and_presses(program, tmp_path):
    with (
        serving() as url,
        running(tmp_path, provider={"url": url}, turn={"forget_after_s": 0}) as daemon,
    ):
        daemon.until(lambda state: state["link"]["up"])
        with subprocess.Popen(
            [sys.executable, str(program), str(daemon.socket)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as client:
            assert client.stdout.readline() == "light: ready\n"
            client.stdin.write("\n")
            client.stdin.flush()
            assert client.stdout.readline() == "light: recording\n"
            daemon.until(lambda state: state["state"] == "LISTENING")
            client.stdin.write("\n")
            client.stdin.flush()
            assert client.stdout.readline() != "light: recording\n"
            client.stdin.close()
            client.stdout.read()
            assert client.wait(IN_TIME_S) == 0
        daemon.until(lambda state: state["state"] == "IDLE")


@pytest.mark.slow
def test_ctl_lets_the_kiosk_say_a_text(tmp_path):
    with serving() as url, running(tmp_path, provider={"url": url}) as daemon:
        daemon.until(lambda state: state["link"]["up"])
        said = daemon.ask("ctl", "say", "We close in ten minutes.")
        assert (said.returncode, said.stdout) == (0, "say: the kiosk says it\n"), said.stderr
        again = daemon.ask("ctl", "say", "x" * 501)
        assert again.returncode == 1
        assert "500 characters" in again.stderr
        assert daemon.ask("ctl", "say").returncode == 64
        daemon.until(lambda state: state["counters"].get("responses_billed") == 1)
    assert "ten minutes" not in daemon.errors.read_text()


@pytest.mark.slow
def test_a_program_reads_each_setting_by_its_name_and_no_secret(tmp_path):
    secret = "sk-nobody-must-ever-see-this"
    more = {
        "provider": {"url": "ws://127.0.0.1:9", "api_key": secret, "headers": {"x-api-key": f"{secret}-too"}}
    }
    with running(tmp_path, **more) as daemon, ControlClient(daemon.socket) as client:
        settings, at = [], 0
        while at is not None:
            answer = client.command("config", **{"from": at})
            settings += answer["settings"]
            at = answer["next"]
    assert [each["key"] for each in settings] == [key.name for key in KEYS.values()]
    values = {each["key"]: each["value"] for each in settings}
    assert (values["mode"], values["speaker.volume"], values["provider.url"]) == (
        "hold",
        50,
        "ws://127.0.0.1:9",
    )
    assert secret not in json.dumps(settings)
