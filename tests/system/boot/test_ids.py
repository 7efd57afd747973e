"""Journal messages by their ids, provoked on a real machine. tests/system/test_ids.py has the other ids."""

import contextlib
import socketserver
import subprocess
import textwrap
import threading
from collections.abc import Callable

import pytest

from edged.causes import CAUSES
from edged.system.notices import NOTICES
from instruments.rig import Box
from tests.dial.authority import authority  # noqa: F401 a fixture
from tests.system.boot.stand import EDGED, Stand

IDS = {
    **{row.id: row.message_id for row in CAUSES.values()},
    **{row.id: row.message_id for row in NOTICES.values()},
}
BOX: dict[str, Callable[[Stand], object]] = {}
"""What brings a message about, by the id of its row."""
LINK = "edged/link/link.py"
BUG = r"s/^    async def run(self.*:$/&\n        raise RuntimeError(1)/"
ELSEWHERE = 'provider: {name: custom, model: m, url: "wss://192.0.2.1/v1/realtime"}'


def brings(*rows: str) -> Callable[[Callable[[Stand], object]], Callable[[Stand], object]]:
    def keep(provoke: Callable[[Stand], object]) -> Callable[[Stand], object]:
        BOX.update(dict.fromkeys(rows, provoke))
        return provoke

    return keep


def fault(*words: str, config: tuple[str, ...] = (), script: str = "") -> Callable[[Stand], None]:
    """A service that fails as soon as somebody connects."""

    def provoke(stand: Stand) -> None:
        stand.configure(*config)
        stand.serve(*words, script=script)
        stand.start()

    return provoke


def turn(
    *words: str,
    config: tuple[str, ...] = (),
    script: str = "",
    ctl: str = "press 1s release",
    refused: bool = False,
) -> Callable[[Stand], None]:
    """A question, and a service with this fault. `refused`: so that edged refuses the question."""

    def provoke(stand: Stand) -> None:
        stand.configure(*config)
        stand.serve(*words, script=script)
        stand.with_link()
        (stand.refused if refused else stand.ctl)(ctl)

    return provoke


def muted(stand: Stand) -> None:
    turn(ctl="mute press", refused=True)(stand)
    stand.ctl("unmute")


def answering(plan: str) -> str:
    return f"version: 1\nanswers:\n  - {plan}\n"


def lost_frames(most: int) -> tuple[str, ...]:
    lines = (f"swallow@input_audio_buffer.append#{nth}" for nth in range(1, most + 1))
    return tuple(word for line in lines for word in ("--fault", line))


BOX |= {
    # the link
    "link_closed": fault("--fault", "close:1011:restart@session.updated"),
    "link_silent": fault("--fault", "half_open@session.updated"),
    "service_silent": fault("--fault", "stall@session.updated"),
    "session_expired": fault("--fault", "expire@session.updated"),
    "handshake_timeout": fault("--fault", "hang"),
    "captive_portal": fault("--fault", "refuse:302"),
    "server_busy": fault("--fault", "refuse:429:1"),
    "server_error": fault("--fault", "refuse:500"),
    "bad_message": fault("--fault", "garbage:text@session.updated"),
    "message_too_large": fault("--fault", "bloat:lists@session.updated"),
    "dialect_refused": fault("--speaks", "ga", config=('provider: {name: local, url: "URL", dialect: beta}',)),
    "model_refused": fault("--model", "another"),
    "settings_refused": fault(config=('provider: {name: local, url: "URL", voice: nobody}',)),
    # a turn
    "turn": turn(),
    "link_up": turn(),
    "commit_ignored": turn("--fault", "deaf", "--fault", "swallow@session.updated#2"),
    "answer_failed": turn(script=answering("refuse: {code: content_filter, message: No., type: x}")),
    "quota_exceeded": turn(script=answering("refuse: {code: insufficient_quota, message: No more.}")),
    "answer_silent": turn(script=answering("silence: true")),
    "answer_late": turn("--fault", "swallow@response.create", config=("turn: {think_s: 1}",)),
    "answer_lost": turn("--think-ms", "3000", "--fault", "drop@response.created"),
    "answer_cut": turn("--fault", "drop@response.output_audio.delta#3"),
    "too_short": turn(ctl="press release", refused=True),
    "utterance_limit": turn(config=("turn: {longest_s: 1}",), ctl="press 2s release"),
    # Each frame of it gets lost before the service hears it: too little for a commit.
    "utterance_refused": turn(*lost_frames(100)),
    "muted": muted,
    "microphone_silent": turn(config=("microphone: {backend: wav, file: /var/lib/edged/silence.wav}",)),
}  # fmt: skip


@brings("unreachable")
def _(stand: Stand) -> None:
    stand.unserve()
    stand.configure()
    stand.start()


@brings("busy")
def _(stand: Stand) -> None:
    stand.unserve()
    stand.configure()
    stand.up()
    for _ in range(2):
        stand.ctl("press 0.5s release")
    stand.refused("press 0.5s release")


@brings("utterance_too_old")
def _(stand: Stand) -> None:
    stand.unserve()
    stand.configure("turn: {keep_s: 1}")
    stand.up()
    stand.ctl("press 0.5s release")


@brings("interrupted")
def _(stand: Stand) -> None:
    turn(script=answering("long: 30"))(stand)
    stand.until(lambda status: status["state"] in {"SPEAKING", "DRAINING"})
    stand.ctl("interrupt")


@brings("key_refused")
def _(stand: Stand) -> None:
    stand.box.file("/root/given/keys", "another-key\n")
    fault("--key-file", "/root/given/keys")(stand)


@brings("offline")
def _(stand: Stand) -> None:
    stand.drop_in("PrivateNetwork=yes")
    stand.configure(ELSEWHERE)
    stand.start()


@brings("dns_failed")
def _(stand: Stand) -> None:
    stand.configure(ELSEWHERE.replace("192.0.2.1", "voice.example"))
    stand.start()


@brings("proxy_refused")
def _(stand: Stand) -> None:
    class Refuses(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.rfile.readline()
            self.wfile.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refuses) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        way = f'proxy: "http://name:word@127.0.0.1:{proxy.server_address[1]}"'
        stand.configure(ELSEWHERE.replace("}", f", {way}}}"))
        stand.start()
        stand.wait_for(IDS["proxy_refused"])
        proxy.shutdown()


@contextlib.contextmanager
def tls(stand: Stand, begins: str):
    """A TLS server whose certificate is valid from that day on."""
    issuer = stand.authority
    both = str(issuer.issue("IP:127.0.0.1", begins=begins))
    stand.box.file("/etc/edged/authority.pem", issuer.file.read_text())
    words = [
        "openssl",
        "s_server",
        "-quiet",
        "-accept",
        f"127.0.0.1:{stand.port}",
        "-cert",
        both,
        "-key",
        both,
    ]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    stand.unserve()
    with subprocess.Popen(words, **quiet) as server:
        yield f'provider: {{name: custom, model: m, url: "wss://127.0.0.1:{stand.port}/v1/realtime"'
        server.kill()


@brings("tls_failed")
def _(stand: Stand) -> None:
    with tls(stand, "20200101000000Z") as provider:
        stand.configure(provider + "}")
        stand.start()
        stand.wait_for(IDS["tls_failed"])


@brings("clock_unset")
def _(stand: Stand) -> None:
    with tls(stand, "20480101000000Z") as provider:
        stand.configure(provider + ", ca_file: /etc/edged/authority.pem}")
        stand.start()
        stand.wait_for(IDS["clock_unset"])


# -- the kiosk's parts -------------------------------------------------------------------------------


@brings("microphone_lost", "speaker_lost")
def _(stand: Stand) -> None:
    stand.configure(
        "microphone: {backend: pyaudio, device: nothing}", "speaker: {backend: pyaudio, device: nothing}"
    )
    stand.start()


@brings("button_lost", "light_lost")
def _(stand: Stand) -> None:
    stand.configure("button: {backend: gpiozero}", "light: {backend: gpiozero}")
    stand.start()


@brings("device_hung")
def _(stand: Stand) -> None:
    hang = r"s/^    def start(self.*$/&\n        import time; time.sleep(60)/"
    with broken(stand, "edged/audio/devices/null.py", hang):
        stand.start()
        stand.wait_for(IDS["device_hung"])


# -- its life ----------------------------------------------------------------------------------------


@brings("start", "ready", "stop")
def _(stand: Stand) -> None:
    stand.configure()
    stand.up()
    stand.box.ask("systemctl stop edged")


@brings("reload")
def _(stand: Stand) -> None:
    stand.configure()
    stand.up()
    stand.configure("turn: {think_s: 5}")
    stand.box.ask("edged reload")


@brings("reload_failed")
def _(stand: Stand) -> None:
    stand.configure()
    stand.up()
    stand.configure(text="version: 1\nmoed: hold\n")
    assert stand.box.run("edged reload").returncode == 78


@brings("command_refused")
def _(stand: Stand) -> None:
    stand.configure()
    stand.up()
    stand.box.ask(dance())


def dance() -> str:
    program = """
    import socket
    control = socket.socket(socket.AF_UNIX)
    control.connect("/run/edged/control.sock")
    control.sendall(b'{"command": "dance"}\\n')
    assert any('"ok": false' in line for line in control.makefile())
    """
    return f"/usr/bin/python3 - <<'PYTHON'\n{textwrap.dedent(program)}\nPYTHON"


@brings("config_invalid")
def _(stand: Stand) -> None:
    stand.configure(text="version: 1\nmoed: hold\n")
    stand.start()


@brings("usage")
def _(stand: Stand) -> None:
    stand.drop_in(f"ExecStart=\nExecStart={EDGED} run --nonsense")
    stand.start()


@brings("address_taken")
def _(stand: Stand) -> None:
    stand.configure()
    stand.serve()
    stand.drop_in(f"ExecStart=\nExecStart={EDGED} serve --port {stand.port}")
    stand.start()


@brings("bug")
def _(stand: Stand) -> None:
    with broken(stand):
        stand.start()
        stand.wait_for(IDS["bug"])


@brings("given_up")
def _(stand: Stand) -> None:
    with broken(stand):
        stand.start()
        stand.wait_for(IDS["given_up"], within_s=90)


@brings("release_broken")
def _(stand: Stand) -> None:
    stand.configure()
    folder = stand.box.ask("ls -d /opt/edged/current/lib/python3*/site-packages/msgspec")
    stand.box.ask(f"mv {folder} /root/given/kept-msgspec")
    try:
        stand.start()
        stand.wait_for(IDS["release_broken"], within_s=90)
    finally:
        stand.box.ask(f"systemctl stop edged; mv /root/given/kept-msgspec {folder}")


@contextlib.contextmanager
def broken(stand: Stand, module: str = LINK, bug: str = BUG):
    """An edged with a bug in it."""
    file = stand.box.ask(f"ls /opt/edged/current/lib/python3*/site-packages/{module}")
    stand.configure()
    stand.box.ask(f"cp -p {file} /root/given/kept; sed -i '{bug}' {file}; ! cmp -s {file} /root/given/kept")
    try:
        yield
    finally:
        stand.box.ask(f"systemctl stop edged; cp -p /root/given/kept {file}")


# -- the test ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stand(installed, authority):  # noqa: F811 the fixture
    with Box(*installed.layers) as box:
        box.file("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        stand = Stand(box)
        stand.authority = authority
        yield stand


@pytest.mark.parametrize("row", BOX)
def test_it_is_in_the_journal_with_its_id_and_explained_there(stand, row):
    BOX[row](stand)
    entry = stand.wait_for(IDS[row])
    stand.drop_in("")
    if row in CAUSES:
        assert entry["EDGED_CAUSE"] == row
    explained = stand.box.ask(f"journalctl -x -t edged MESSAGE_ID={IDS[row]} -n 1 --no-pager -q")
    assert "Defined-By: edged" in explained
    remedy = CAUSES[row].remedy if row in CAUSES else NOTICES[row].subject
    assert remedy in explained
