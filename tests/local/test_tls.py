"""The embedded service over TLS: with a certificate of one's own, and with a throw-away one."""

import asyncio
import http.client
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from edged import wire
from edged.cli import main
from edged.errors import EXIT_CONFIG, EXIT_USAGE
from edged.local.server import LocalServer
from edged.local.throwaway import certificate
from edged.local.voice import ParrotVoice
from edged.tls import client_context, server_context
from edged.wire import Dialect
from tests.dial.authority import authority

__all__ = ["authority"]
ROOT = Path(__file__).parents[2]
needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="no openssl command (apt install openssl)"
)


def strict(ca_file):
    """A context that also checks what newer versions of Python check."""
    context = client_context(str(ca_file))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


async def spoken(url, context):
    """One turn; returns the bytes of the answer."""
    n_bytes = 0
    async with connect(url, ssl=context, proxy=None, max_size=2**24, close_timeout=0.1) as socket:
        for text in (
            wire.session_update(wire.Settings(), Dialect.GA, "u"),
            wire.append(bytes(48 * 500)),
            wire.commit("c"),
            wire.response_create("r"),
        ):
            await socket.send(text)
        event = None
        while not isinstance(event, wire.ResponseDone):
            event = wire.parse_server(await socket.recv())
            n_bytes += len(event.pcm) if isinstance(event, wire.AudioDelta) else 0
    return n_bytes


def test_a_turn_and_an_http_call_on_the_same_port(authority):
    issued = authority.issue("DNS:localhost,IP:127.0.0.1")

    async def talk():
        async with LocalServer(voice=ParrotVoice(), pace=0, tls=server_context(issued, issued)) as server:
            assert server.url.startswith("wss://127.0.0.1:")
            port = int(server.url.split(":")[2].split("/")[0])

            def called():
                line = http.client.HTTPSConnection(
                    "localhost", port, timeout=5, context=strict(authority.file)
                )
                line.request("POST", "/v1/realtime/client_secrets", b"{}")
                return json.loads(line.getresponse().read())

            assert (await asyncio.to_thread(called))["value"].startswith("ek_")
            assert await spoken(server.url, strict(authority.file)) == 48 * 500

    asyncio.run(talk())


def test_who_does_not_speak_tls_harms_nobody(authority, caplog):
    issued = authority.issue("IP:127.0.0.1")

    async def talk():
        async with LocalServer(voice=ParrotVoice(), pace=0, tls=server_context(issued, issued)) as server:
            port = int(server.url.split(":")[2].split("/")[0])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await reader.read()
            writer.close()
            assert await spoken(server.url, client_context(str(authority.file))) > 0

    asyncio.run(talk())
    assert caplog.text == ""


@pytest.mark.parametrize("do", ["drop", "close:1011", "break:opcode", "half_open"])
def test_faults_work_over_tls(authority, do):
    issued = authority.issue("IP:127.0.0.1")

    async def talk():
        tls, trusted = server_context(issued, issued), client_context(str(authority.file))
        async with LocalServer(
            voice=ParrotVoice(), tls=tls, fault_lines=[f"{do}@response.created"]
        ) as server:
            with pytest.raises((ConnectionClosed, TimeoutError)):
                await asyncio.wait_for(spoken(server.url, trusted), 2 if do == "half_open" else 30)

    asyncio.run(talk())


# -- files that are wrong ----------------------------------------------------------------------------------


@pytest.fixture
def pair(authority, tmp_path):
    """A good certificate and its key, in two files."""
    both = authority.issue("DNS:localhost").read_text()
    at = both.index("-----BEGIN PRIVATE KEY")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert.write_text(both[:at])
    key.write_text(both[at:])
    return cert, key


def refused(capsys, *words):
    code = main(["serve", "--port", "0", *map(str, words)])
    said = capsys.readouterr().err
    assert said.count("\n") == 1, said
    return code, said


def test_a_pair_in_two_files_or_one_is_taken(pair, authority):
    server_context(*pair)
    both = authority.issue("DNS:localhost")
    server_context(both, both)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda cert, _: cert.unlink(), ["--cert", "cert.pem", "No such file"]),
        (lambda _, key: key.unlink(), ["--key", "key.pem", "No such file"]),
        (lambda cert, _: cert.write_text("hello"), ["--cert", "no certificate", "PEM"]),
        (lambda _, key: key.write_text("hello"), ["--key", "no private key", "PEM"]),
        (lambda cert, key: key.write_text(cert.read_text()), ["--key", "no private key"]),
        (lambda cert, key: cert.write_text(key.read_text()), ["--cert", "no certificate"]),
        (
            lambda cert, _: cert.write_text(cert.read_text().replace("M", "A")),
            ["--cert", "OpenSSL cannot read it", "complete"],
        ),
        (
            lambda _, key: key.write_text(key.read_text().replace("M", "A")),
            ["--key", "OpenSSL cannot read it", "complete"],
        ),
        (lambda cert, _: (cert.unlink(), os.mkfifo(cert)), ["--cert", "FIFO"]),
        (lambda _, key: (key.unlink(), key.mkdir()), ["--key", "directory"]),
    ],
)
def test_a_bad_file_is_named_with_what_is_wrong(pair, spoil, words, capsys):
    cert, key = pair
    spoil(cert, key)
    code, said = refused(capsys, "--cert", cert, "--key", key)
    assert code == EXIT_CONFIG
    assert [word for word in words if word not in said] == []


def test_the_key_of_another_certificate_is_refused(pair, authority, capsys):
    cert, key = pair
    key.write_text("".join(authority.issue("DNS:localhost").read_text().partition("-----BEGIN PRIVATE")[1:]))
    code, said = refused(capsys, "--cert", cert, "--key", key)
    assert code == EXIT_CONFIG
    assert f"--key {key}: it is not the key of the certificate in {cert}" in said


def test_a_key_with_a_passphrase_is_refused_with_the_command_that_removes_it(pair, capsys):
    cert, key = pair
    subprocess.run(
        [
            "openssl",
            "pkey",
            "-in",
            key,
            "-aes256",
            "-passout",
            "pass:secret",
            "-out",
            key.with_name("locked.pem"),
        ],
        check=True,
        capture_output=True,
    )
    code, said = refused(capsys, "--cert", cert, "--key", key.with_name("locked.pem"))
    assert code == EXIT_CONFIG
    assert "openssl pkey -in" in said


@pytest.mark.parametrize(
    ("words", "expected"),
    [(["--key", "api-keys"], "--key-file"), (["--tls", "--cert", "x"], "one of them")],
)
def test_options_that_contradict_each_other(words, expected, capsys):
    code, said = refused(capsys, *words)
    assert code == EXIT_USAGE
    assert expected in said


def test_without_the_openssl_program_the_remedy_is_given(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    code, said = refused(capsys, "--tls")
    assert code == EXIT_CONFIG
    assert "apt install openssl" in said


@pytest.mark.parametrize("script", ["echo no entropy >&2; exit 1", "exit 0"])
def test_an_openssl_program_that_fails_is_quoted(monkeypatch, tmp_path, capsys, script):
    program = tmp_path / "openssl"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    code, said = refused(capsys, "--tls")
    assert code == EXIT_CONFIG
    assert "--tls" in said
    assert ("no entropy" in said) == ("entropy" in script)


# -- a throw-away certificate ------------------------------------------------------------------------------


@needs_openssl
def test_a_throw_away_certificate_has_the_names_of_this_machine_and_ends_with_its_use():
    async def talk(context, file):
        async with LocalServer(voice=ParrotVoice(), pace=0, tls=context) as server:
            port = int(server.url.split(":")[2].split("/")[0])
            for host in ("localhost", "127.0.0.1"):
                assert await spoken(f"wss://{host}:{port}/v1/realtime", strict(file)) > 0
            with pytest.raises(ssl.SSLCertVerificationError):
                await spoken(server.url, client_context())

    with certificate() as (file, context):
        assert list(file.parent.iterdir()) == [file]  # no key
        asyncio.run(talk(context, file))
    assert not file.parent.exists()


@needs_openssl
def test_two_throw_away_certificates_can_be_trusted_at_the_same_time(tmp_path):
    """They have one name, so OpenSSL must find the right one by its key."""
    both = tmp_path / "both.pem"

    async def talk(context):
        async with LocalServer(voice=ParrotVoice(), pace=0, tls=context) as server:
            assert await spoken(server.url, strict(both)) > 0

    with certificate() as (one, first), certificate() as (other, second):
        both.write_text(one.read_text() + other.read_text())
        asyncio.run(talk(first))
        asyncio.run(talk(second))


@needs_openssl
@pytest.mark.parametrize(
    ("host", "entry"),
    [
        ("192.0.2.7", "IP Address:192.0.2.7"),
        ("2001:db8::7", "IP Address:2001:DB8:0:0:0:0:0:7"),
        ("laptop.example.org", "DNS:laptop.example.org"),
        ("0.0.0.0", ""),
        ("::", ""),
        ("a, email:x@example.org", ""),
    ],
)
def test_a_throw_away_certificate_is_for_the_host_of_the_server_too(host, entry):
    with certificate(host) as (file, _):
        shown = ["openssl", "x509", "-in", file, "-noout", "-ext", "subjectAltName"]
        names = subprocess.run(shown, check=True, stdout=subprocess.PIPE, text=True).stdout.split("\n")[1]
    own = "DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1"
    assert names.strip() == (f"{own}, {entry}" if entry else own)


@needs_openssl
def test_without_room_for_a_temporary_folder_no_certificate_is_made(capsys, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", "/proc/self")
    code, said = refused(capsys, "--tls")
    assert (code, "--tls: no temporary folder" in said) == (EXIT_CONFIG, True)


@contextmanager
def serving(*words):
    """`edged serve` in its own process, and the two lines that it prints."""
    command = [sys.executable, "-m", "edged", "serve", "--port", "0", *words]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process, process.stdout.readline().split()[1], process.stdout.readline().split()[1]
        finally:
            process.send_signal(signal.SIGTERM)


@needs_openssl
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_throw_away_certificate_is_removed_whatever_ends_the_service(number):
    with serving("--tls") as (service, _, file):
        assert Path(file).exists()
        service.send_signal(number)
        assert service.wait(30) == 0
        assert not Path(file).parent.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_while_the_certificate_is_made_leaves_nothing(number, tmp_path):
    openssl, folder = tmp_path / "openssl", tmp_path / "temporary"
    folder.mkdir()
    os.mkfifo(tmp_path / "begun")
    openssl.write_text(f"#!/bin/sh\necho begun > {tmp_path}/begun\nexec sleep 60\n")
    openssl.chmod(0o755)
    around = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "TMPDIR": str(folder)}
    command = [sys.executable, "-m", "edged", "serve", "--port", "0", "--tls"]
    with subprocess.Popen(command, cwd=ROOT, env=around) as service:
        assert (tmp_path / "begun").read_text() == "begun\n"  # waits for the program
        assert list(folder.iterdir())
        service.send_signal(number)
        assert service.wait(30) == 130
    assert list(folder.iterdir()) == []


@needs_openssl
@pytest.mark.slow
def test_the_daemon_has_a_turn_with_the_service_over_tls():
    with serving("--tls") as (service, url, file):
        assert url.startswith("wss://127.0.0.1:")
        at_name = url.replace("127.0.0.1", "localhost")
        command = [sys.executable, "-m", "tests.app.one_turn", at_name, file]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, timeout=120, check=True)
        seen = json.loads(done.stdout)
        assert seen["links"] == [True]
        assert seen["states"][-3:] == ["SPEAKING", "DRAINING", "IDLE"]
    assert service.returncode == 0
    assert not Path(file).exists()
