"""`edged relay` as a user starts it: what it says, what it refuses, how it ends."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from edged import wire
from edged.cli import main
from edged.local.server import LocalServer
from edged.local.voice import ParrotVoice
from edged.wire import Dialect, Settings

ROOT = Path(__file__).parent.parent.parent
KEY = "sk-a-key-nobody-may-see"


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        (["--host", "0.0.0.0"], 78, "--token-file"),
        (["--allow-origin", "*"], 78, "write it like https://"),
        (["--token-file", "/nowhere/token"], 78, "openssl rand"),
        (["--provider", "openai"], 78, "needs a key"),
        (["--provider", "nobody"], 78, "provider.name"),
        (["--port", "70000"], 64, "0 to 65535"),
        (["--host", "203.0.113.77", "--token-file", "TOKEN"], 1, "cannot listen"),
    ],
)
def test_what_can_not_be_is_said_with_the_remedy(tmp_path, capsys, monkeypatch, line, code, said):
    token = tmp_path / "token"
    token.write_text("0123456789abcdef\n")
    line = [str(token) if word == "TOKEN" else word for word in line]
    monkeypatch.setattr("edged.cli.options.SYSTEM_CONFIG", tmp_path / "none.yaml")
    assert main(["relay", *line]) == code
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "two words\n"])
def test_a_token_file_holds_a_token(tmp_path, capsys, text):
    (tmp_path / "token").write_text(text)
    assert main(["relay", "--token-file", str(tmp_path / "token")]) == 78
    assert "one line" in capsys.readouterr().err


async def a_turn(url, server, **options):
    """One turn of a beta client; the connection stays open."""
    socket = await connect(url, compression=None, proxy=None, **options)
    await socket.send(wire.session_update(Settings(), Dialect.BETA, "u"))
    await socket.send(wire.append(bytes(9600)))
    await socket.send(wire.commit("c"))
    await socket.send(wire.response_create("r"))
    while not isinstance(wire.parse_server(await socket.recv()), wire.ResponseDone):
        pass
    assert len(server.bill) == 1
    return socket


async def read_on(socket):
    while True:
        await socket.recv()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_from_start_to_end(tmp_path, number):
    (tmp_path / "token").write_text("0123456789abcdef\n")

    async def body():
        async with LocalServer(voice=ParrotVoice(), pace=0, think_ms=0) as server:
            command = [sys.executable, "-m", "edged", "relay", "--port", "0", "--provider", "custom"]
            command += ["--token-file", "token", "--set", f"provider.url={server.url}", "--client-model"]
            command += ["--set", "provider.model=mine", "--set", "provider.api_key_env=EDGED_TEST_KEY"]
            relay = await asyncio.create_subprocess_exec(
                *command,
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": str(ROOT), "EDGED_TEST_KEY": KEY},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            line = (await relay.stdout.readline()).decode()
            found = re.fullmatch(r"relaying (ws://127\.0\.0\.1:\d+/) to 127\.0\.0\.1 \(mine\)\n", line)
            assert found, line + (await relay.stderr.read()).decode()
            socket = await a_turn(f"{found[1]}?token=0123456789abcdef&model=theirs", server)
            relay.send_signal(number)
            with pytest.raises(ConnectionClosed) as closed:
                await read_on(socket)
            out, err = await relay.communicate()
            assert (closed.value.rcvd.code, relay.returncode) == (1001, 0)
            assert b"1 clients: 1 responses billed (1 completed)" in out
            assert b"client 1: ended by the relay: 1001" in err
            assert KEY.encode() not in out + err
            assert b"0123456789abcdef" not in out + err

    asyncio.run(body())
