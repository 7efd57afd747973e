"""Secrets stay secret on a real machine: a key, and what visitors and the service say."""

import base64
import contextlib
import json
import socket
import threading
from urllib.parse import quote

import pytest

from edged.system.control_client import ControlClient
from edged.system.notices import NOTICES
from instruments.rig import Box
from tests.system.boot.stand import Stand, within

pytestmark = pytest.mark.alone

KEY = "sk-planted/9f8e7d6c5b4a3f2e1d0c"
PHRASE = "marmalade umbrellas dance"
FORMS = (
    KEY,
    quote(KEY, safe=""),
    base64.b64encode(KEY.encode()).decode().rstrip("="),
    KEY.removeprefix("sk-planted/"),
)
DEBUG = "log: {level: debug}"
PLACES = "/var/lib/edged /run/edged /etc /tmp /var/tmp /var/lib/systemd /var/crash /core /run/log /var/log"


def refusing(code, words):
    return f'answers:\n  - refuse: {{code: "{code}", message: "{words}", type: x}}'


@pytest.fixture(scope="module")
def stand(installed):
    with Box(*installed.layers, alone=True) as box:
        stand = Stand(box)
        box.file("/etc/edged/credentials/api-key", KEY + "\n", 0o600)
        # No rate limit may hide a line.
        stand.drop_in("LogRateLimitIntervalSec=0")
        yield stand


@contextlib.contextmanager
def listening(stand):
    """Record everything that the control socket sends meanwhile."""
    heard = []
    with ControlClient(f"/proc/{stand.box.init}/root/run/edged/control.sock") as client:
        heard.append(json.dumps(client.snapshot))

        def hear():
            with contextlib.suppress(Exception):  # the end of the connection is the end
                while True:
                    heard.append(json.dumps(client.receive()))

        client._socket.settimeout(None)
        thread = threading.Thread(target=hear)
        thread.start()
        try:
            yield heard
        finally:
            client._socket.shutdown(socket.SHUT_RDWR)
            thread.join()


def found(stand, heard, forms, but=()):
    """Return each line, readable from outside, that contains one of `forms`. The files `but` may contain them."""
    box = stand.box
    box.file("/root/forms", "".join(f"{form}\n" for form in forms))
    pid = stand.show("MainPID")
    without = " ".join(
        f"! -path {path}" for path in ("/etc/edged/credentials/api-key", "'*/speech.wav'", *but)
    )
    commands = (
        "journalctl --sync; journalctl -o export --all --no-pager",
        "systemctl status --full --lines=50 edged; systemctl show edged",
        "edged status; edged status --json; edged logs -n 1000",
        "edged report --print",
        rf"tr '\0' '\n' </proc/{pid}/cmdline; tr '\0' '\n' </proc/{pid}/environ",
        f"find {PLACES} -type f {without} -print0 2>/dev/null | xargs -0 cat",
    )
    lines = []
    for command in commands:
        look = "grep -aiF -f /root/forms /root/seen | tr -c '[:print:]\\n' '?'; grep -ac . /root/seen"
        *hits, read = box.run(f"({command}) >/root/seen; {look}", timeout_s=120).stdout.splitlines()
        assert int(read) > 3, command  # the command had something to search
        lines += [f"{command[:20]}: {hit[:300]}" for hit in hits]
    return lines + [line for line in heard if any(form.lower() in line.lower() for form in forms)]


def visit(stand):
    stand.ctl("press 0.7s release")
    stand.until(lambda status: status["state"] not in {"LISTENING", "COMMITTING", "THINKING"})


CONFIG = "/etc/edged/config.yaml"


@pytest.mark.parametrize(
    ("brought", "rightful"),
    [
        ('provider: {name: local, url: "URL"}', ()),
        (f'provider: {{name: local, url: "URL", headers: {{x-gateway: "Basic {KEY}"}}}}', (CONFIG,)),
        (f'provider: {{name: local, url: "URL", query: {{customer: "{KEY}"}}}}', (CONFIG,)),
    ],
    ids=["credential", "header", "query"],
)
@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (f'faults: ["close:4001:Incorrect API key provided {KEY}@session.updated"]', "Incorrect API key"),
        (refusing("invalid_api_key", f"Incorrect API key provided: {KEY}"), "Incorrect API key"),
        (refusing(KEY, f"Bearer {quote(KEY, safe='')} is not ours"), "is not ours"),
    ],
    ids=["close", "failed", "encoded"],
)
def test_a_key_that_the_service_says_back_is_nowhere(stand, brought, rightful, plan, said):
    stand.configure(brought, DEBUG)
    stand.serve(script=f"version: 1\n{plan}\n")  # not on a command line, which the journal may record
    stand.up()
    with listening(stand) as heard:
        if plan.startswith("answers"):
            stand.until(lambda status: status["link"]["up"])
            visit(stand)
        within(20, lambda: said in stand.said(), stand.said)
    assert found(stand, heard, FORMS, rightful) == []


def test_a_key_in_the_address_of_a_proxy_is_nowhere(stand):
    answer = f"HTTP/1.1 407 {KEY}\r\nContent-Length: 0\r\n\r\n".encode()
    with stand.box.inside(lambda: socket.create_server(("127.0.0.1", 0))) as proxy:

        def refuse():
            with contextlib.suppress(OSError):
                while True:
                    one, _ = proxy.accept()
                    with one:
                        asked = one.recv(9999)
                        one.sendall(answer + asked)

        threading.Thread(target=refuse, daemon=True).start()
        way = f"http://name:{quote(KEY, safe='')}@127.0.0.1:{proxy.getsockname()[1]}"
        stand.configure(
            f'provider: {{name: custom, model: m, url: "wss://192.0.2.1/", proxy: "{way}"}}', DEBUG
        )
        stand.up()
        with listening(stand) as heard:
            stand.until(lambda status: status["link"]["cause"] == "proxy_refused")
        login = base64.b64encode(f"name:{KEY}".encode()).decode().rstrip("=")
        assert found(stand, heard, (*FORMS, login), (CONFIG,)) == []
        proxy.shutdown(socket.SHUT_RDWR)


def test_a_crash_leaves_its_stacks_and_no_core_and_no_key(stand):
    stand.configure(DEBUG)
    stand.serve()
    stand.with_link()
    pid = stand.show("MainPID")
    stand.box.ask("systemctl kill -s ABRT --kill-whom=main edged")
    within(20, lambda: stand.show("MainPID") not in {pid, "0"}, stand.said)
    stand.until(lambda status: status["link"]["up"])
    assert "Current thread" in stand.said()
    assert found(stand, [], FORMS) == []
    assert stand.box.ask("find / -xdev -type f -name 'core*' -size +100k -newer /etc/edged/config.yaml") == ""


@pytest.mark.parametrize("transcripts", ["false", "true"])
def test_what_is_said_is_nowhere_unless_it_is_asked_for(stand, transcripts):
    said = f'answers:\n  - {{say: "{PHRASE} today", heard: "{PHRASE} tomorrow"}}'
    transcribed = 'provider: {name: local, url: "URL", transcription: whisper-1}'
    stand.configure(transcribed, f"log: {{level: debug, transcripts: {transcripts}}}")
    stand.serve(script=f"version: 1\n{said}\n")
    stand.with_link()
    with listening(stand) as heard:
        visit(stand)
        stand.wait_for(NOTICES["turn"].message_id)
    lines = found(stand, heard, (PHRASE,))
    if transcripts == "true":  # then the check would have found it
        assert any("today" in line for line in lines)
        assert any("tomorrow" in line for line in lines)
    else:
        assert lines == []
