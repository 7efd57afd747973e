"""The programs that are measured: edged, pipecat, and arecord with aplay. Each is a process and a context manager."""

import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from edged.pcm import PCM16
from edged.system.control_client import ControlClient

CARD = "kiosk"  # the name in /etc/asound.conf: the only name that PortAudio always shows
PORT = 8775
"""Not that of edged-local.service, which systemd starts as soon as a kiosk asks for a service at its own port."""
PIPECAT = "/opt/pipecat/bin/python"
CONFIG = """version: 1
provider: {{name: local, url: "ws://127.0.0.1:{port}/v1/realtime"}}
button: {{backend: none}}
light: {{backend: none}}
microphone: {{backend: {backend}, device: "{card}", capture: {capture}, block_ms: {period_ms}}}
speaker: {{backend: {backend}, device: "{card}"}}
control: {{socket: {place}/control.sock}}
state: {{dir: ""}}
{more}
"""


def cpu_s(pid: int) -> float:
    """Processor time that a process and all its threads have used, in seconds."""
    return time.clock_gettime(~pid << 3 | 2)  # the id of that process's CPU clock


def resident_mb(pid: int, what: str = "VmRSS") -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) / 1024
    return 0.0


def descriptors(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


@contextlib.contextmanager
def service(place: Path, *, port: int = PORT, **options: object) -> Iterator[None]:
    """The service with its probe; its marks are in `place` afterwards."""
    words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    (place / "serving").unlink(missing_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "instruments.bench.card.service", str(place), "--port", str(port), *words]
    )
    try:
        until = time.monotonic() + 20
        while not (place / "serving").exists():
            if time.monotonic() > until or process.poll() is not None:
                raise RuntimeError("the service does not start")
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def marks(place: Path, name: str) -> list[dict]:
    """What the service noted under this name. It writes its notes when it ends."""
    every = [json.loads(line) for line in (place / "marks").read_text().splitlines()]
    return [mark for mark in every if mark["name"] == name]


class Edged:
    """The daemon, running and connected."""

    def __init__(
        self,
        place: Path,
        *,
        backend: str,
        capture: str = "warm",
        period_ms: int = 20,
        card: str = CARD,
        more: str = "",
        ready: Callable[["Edged"], bool] | None = None,
    ) -> None:
        """`ready` is the condition to wait for; by default, that the daemon can be used."""
        self._place = place
        self._is_up = ready or Edged.ready
        config = place / "config.yaml"
        config.write_text(
            CONFIG.format(
                port=PORT,
                backend=backend,
                capture=capture,
                place=place,
                period_ms=period_ms,
                card=card,
                more=more,
            )
        )
        self._words = [sys.executable, "-m", "edged", "run", "--config", str(config)]
        self._stack = contextlib.ExitStack()
        self.pid = 0
        self.log = place / "edged.log"

    def __enter__(self) -> "Edged":
        with contextlib.ExitStack() as stack:
            log = stack.enter_context(self.log.open("w"))
            process = subprocess.Popen(self._words, stdout=log, stderr=log)
            stack.callback(process.wait, timeout=10)
            stack.callback(process.terminate)
            self.pid = process.pid
            until = time.monotonic() + 20
            while not self._is_up(self):
                if time.monotonic() > until or process.poll() is not None:
                    raise RuntimeError(f"edged does not start:\n{self.log.read_text()[-2000:]}")
                time.sleep(0.05)
            self.control = stack.enter_context(ControlClient(self._place / "control.sock"))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def ready(self) -> bool:
        state = self.state()
        return bool(state and state["link"]["up"] and state["microphone"] and state["speaker"])

    def state(self) -> dict:
        """A snapshot of the state; empty while the daemon does not answer."""
        with contextlib.suppress(Exception), ControlClient(self._place / "control.sock") as client:
            return client.snapshot
        return {}

    def press(self) -> float:
        """Press, and return the monotonic time just before."""
        at = time.monotonic()
        self.control.command("press")
        return at

    def release(self) -> float:
        at = time.monotonic()
        self.control.command("release")
        return at


@contextlib.contextmanager
def bare(place: Path) -> Iterator[Callable[[], float]]:
    """A program that only sends at a press. The value is a function that presses and returns the time before."""
    path = str(place / "bare.sock")
    words = [sys.executable, "-m", "instruments.bench.card.bare", path, f"ws://127.0.0.1:{PORT}/v1/realtime"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            if process.stdout.readline() != "READY\n":
                raise RuntimeError("the bare program does not start")
            with socket.socket(socket.AF_UNIX) as line:
                line.connect(path)

                def press() -> float:
                    at = time.monotonic()
                    line.sendall(b'{"command": "press"}\n')
                    return at

                yield press
        finally:
            process.terminate()


@contextlib.contextmanager
def pipecat(place: Path) -> Iterator[int]:
    """pipecat's LocalAudioTransport with its own client of the service; the value is the process id."""
    with (place / "pipecat.log").open("w") as log:
        process = subprocess.Popen(
            [
                PIPECAT,
                "-m",
                "instruments.bench.card.pipecat_client",
                CARD,
                f"ws://127.0.0.1:{PORT}/v1/realtime",
            ],
            stdout=log,
            stderr=log,
        )
    try:
        until = time.monotonic() + 60
        while "READY" not in (place / "pipecat.log").read_text():
            if time.monotonic() > until or process.poll() is not None:
                raise RuntimeError(f"pipecat does not start:\n{(place / 'pipecat.log').read_text()[-3000:]}")
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def floor(place: Path, period_ms: int) -> Iterator[tuple[int, int]]:
    """arecord and aplay, with the same periods as edged; the value is the pair of process ids."""
    common = ["-q", "-D", CARD, "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", str(PCM16.rate_hz)]
    common += [f"--period-size={PCM16.rate_hz * period_ms // 1000}"]
    common += [f"--buffer-size={PCM16.rate_hz * period_ms * 4 // 1000}"]
    processes = [
        subprocess.Popen(["arecord", *common, "/dev/null"]),
        subprocess.Popen(["aplay", *common, "/dev/zero"]),
    ]
    try:
        yield processes[0].pid, processes[1].pid
    finally:
        for process in processes:
            process.terminate()
            process.wait()
