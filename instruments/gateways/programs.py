"""The programs besides the daemon: the embedded service, and the gateways in front of it."""

import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
GATEWAYS = Path(sys.prefix) / "gateways"
SERVED = ("--pace", "10", "--think-ms", "20")
KEY = "key-of-the-service"
MODEL = "gpt-realtime"
MASTER_KEY = "sk-of-the-gateway"  # LiteLLM's own key
STARTS_WITHIN_S = 300.0  # LiteLLM takes half a minute on its own, and more on a busy machine


def missing() -> str | None:
    """Why the gateways cannot run here; None if they can."""
    if not (GATEWAYS / "js" / "node_modules").is_dir():
        return "the gateways are not installed; scripts/test gateways installs them"
    return None


def ours() -> dict[str, str]:
    """The environment for verbs of edged."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EDGED_")}
    return {**kept, "PYTHONPATH": str(ROOT)}


def edged(*words: object) -> list[str]:
    return [sys.executable, "-P", "-m", "edged", *map(str, words)]


def end(process: subprocess.Popen[str], within_s: float = 10.0) -> int:
    """Ask a process to end, and make sure that it does."""
    process.terminate()
    try:
        return process.wait(within_s)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


class Service:
    """`edged serve`, which lets every client in that has its key. A context manager."""

    def __init__(self, folder: Path, script: str, more: Iterable[str]) -> None:
        keys = folder / "service-keys"
        keys.write_text(KEY + "\n")
        command = edged("serve", "--port", 0, *SERVED, "--key-file", keys, *more)
        if script:
            command += ["--script", str(HERE / "scripts" / f"{script}.yaml")]
        with (folder / "service.log").open("w") as log:
            self._process = subprocess.Popen(
                command, env=ours(), cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self._port: int | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, *_: object) -> None:
        end(self._process)
        assert self._process.stdout is not None
        self._process.stdout.close()

    @property
    def port(self) -> int:
        """The port; waits until the service has one."""
        with self._lock:
            if self._port is None:
                assert self._process.stdout is not None
                said = self._process.stdout.readline()
                assert "ws://" in said, f"the service says {said!r}"
                self._port = int(said.rsplit(":", 1)[1].split("/")[0])
            return self._port

    def ledger(self) -> SimpleNamespace:
        """The service's ledger of all its sessions."""
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/edged/ledger", headers={"Authorization": f"Bearer {KEY}"}
        )
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return SimpleNamespace(**json.load(answer))


class Gateway:
    """A program in front of services; it can be killed and started again, on the same port."""

    def __init__(self, folder: Path, log: str) -> None:
        self.elsewhere = folder / f"{log}-elsewhere"  # other hosts that it tried to contact
        self.port = _free_port()
        self._folder, self._log = folder, folder / f"{log}.log"
        self._process: subprocess.Popen[str] | None = None

    def stop(self) -> None:
        """Stop the program, whatever it is doing."""
        if self._process is not None:
            end(self._process)

    def start(self) -> None:
        """Start the program; returns when it lets clients in."""
        with self._log.open("a") as log:
            self._process = self._begun(log)
        until = time.monotonic() + STARTS_WITHIN_S
        while not self._answers():
            tail = self._log.read_text()[-2000:]
            assert self._process.poll() is None, f"the gateway ended on its own: {tail}"
            assert time.monotonic() < until, f"the gateway does not start: {tail}"
            time.sleep(0.1)

    def kill(self) -> None:
        """Kill the program at once; it closes no connection properly."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def listens_at(self) -> set[str]:
        """The addresses at which this process listens, in the kernel's hexadecimal form."""
        assert self._process is not None
        mine = set()
        for file in Path(f"/proc/{self._process.pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                mine.add(str(file.readlink()))
        return {address for address, inode in _listening() if f"socket:[{inode}]" in mine}

    def settings(self, service: Service, name: str) -> dict[str, Any]:
        """The daemon's `provider` section for this service, reached through this gateway."""
        raise NotImplementedError

    def _begun(self, log: IO[str]) -> subprocess.Popen[str]:
        raise NotImplementedError

    def _answers(self) -> bool:
        raise NotImplementedError

    def _run(self, command: list[object], log: IO[str], **environment: str) -> subprocess.Popen[str]:
        # nothing of the machine: no proxy, no key, no settings of its user
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._folder),
            "ELSEWHERE": str(self.elsewhere),
            **environment,
        }
        return subprocess.Popen(
            [str(word) for word in command], env=env, cwd=self._folder, stdout=log, stderr=log, text=True
        )


class Portkey(Gateway):
    """Portkey's gateway. The headers of a client say which service it wants."""

    def __init__(self, folder: Path, dialect: str) -> None:
        super().__init__(folder, f"portkey-{dialect}")
        self._dialect = dialect

    def settings(self, service: Service, name: str) -> dict[str, Any]:
        settings: dict[str, Any] = {
            "name": "portkey",
            "url": f"ws://127.0.0.1:{self.port}/v1/realtime",
            "dialect": self._dialect,
            "model": MODEL,
        }
        if self._dialect == "ga":
            service_at = f"http://127.0.0.1:{service.port}/v1"
            settings["headers"] = {"x-portkey-azure-foundry-url": service_at}
            return settings | {"portkey": {"provider": "azure-ai"}}
        # The way above drops the header that asks for beta. For this one, see js/loopback.cjs.
        return settings | {"portkey": {"provider": "openai"}, "query": {"upstream": str(service.port)}}

    def _begun(self, log: IO[str]) -> subprocess.Popen[str]:
        program = GATEWAYS / "js" / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
        command = [GATEWAYS / "bin" / "node", "--require", HERE / "js" / "loopback.cjs", program]
        return self._run([*command, "--headless", f"--port={self.port}"], log)

    def _answers(self) -> bool:
        return _is_open(self.port)


class SpeechToSpeech(Gateway):
    """speech-to-speech with stand-ins for its models. It is a service of its own, with nothing behind it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "speech-to-speech")
        self.provider = {"name": "custom", "url": f"ws://127.0.0.1:{self.port}/v1/realtime"}

    def heard_ms(self) -> list[int]:
        """How long each utterance was that its transcriber was given."""
        file = self._folder / "heard"
        return [json.loads(line)["ms"] for line in file.read_text().splitlines()] if file.exists() else []

    def _begun(self, log: IO[str]) -> subprocess.Popen[str]:
        return self._run([GATEWAYS / "bin" / "python", "-P", HERE / "speech_on_loopback.py", self.port], log)

    def _answers(self) -> bool:
        return _is_open(self.port)


class ConsoleRelay(Gateway):
    """A relay over the realtime console's client library, which first sets up a session of its own."""

    def settings(self, service: Service, name: str) -> dict[str, Any]:
        url = f"ws://127.0.0.1:{self.port}/"
        return {"name": "custom", "url": url, "model": MODEL, "query": {"upstream": str(service.port)}}

    def _begun(self, log: IO[str]) -> subprocess.Popen[str]:
        # where Node finds its modules
        program = Path(shutil.copy(HERE / "js" / "console_relay.mjs", self._folder))
        modules = self._folder / "node_modules"
        if not modules.exists():
            modules.symlink_to(GATEWAYS / "js" / "node_modules")
        return self._run([GATEWAYS / "bin" / "node", program, self.port, KEY], log)

    def _answers(self) -> bool:
        return _is_open(self.port)


class LiteLLM(Gateway):
    """LiteLLM's proxy. Each service is a model in its configuration, which it reads once: `services` by their names."""

    def __init__(self, folder: Path, log: str, services: Mapping[str, Service]) -> None:
        super().__init__(folder, log)
        self._config = folder / f"{log}.json"  # JSON is valid YAML
        models = [
            {
                "model_name": name,
                "litellm_params": {
                    "model": f"openai/{MODEL}",
                    "api_base": f"http://127.0.0.1:{service.port}/v1",
                    "api_key": KEY,
                },
            }
            for name, service in services.items()
        ]
        settings = {
            "model_list": models,
            "general_settings": {"master_key": MASTER_KEY},
            "litellm_settings": {"telemetry": False},
        }
        self._config.write_text(json.dumps(settings))

    def settings(self, service: Service, name: str) -> dict[str, Any]:
        url = f"ws://127.0.0.1:{self.port}/v1/realtime"
        return {"name": "custom", "url": url, "dialect": "ga", "model": name}

    def _begun(self, log: IO[str]) -> subprocess.Popen[str]:
        command = [GATEWAYS / "bin" / "python", "-P", HERE / "litellm_on_loopback.py"]
        command += [
            "--config",
            self._config,
            "--host",
            "127.0.0.1",
            "--port",
            self.port,
            "--telemetry",
            "False",
        ]
        return self._run(
            command, log, LITELLM_LOCAL_MODEL_COST_MAP="True", LITELLM_TELEMETRY="False", NO_PROXY="*"
        )

    def _answers(self) -> bool:
        with contextlib.suppress(OSError):
            address = f"http://127.0.0.1:{self.port}/health/liveliness"
            with urllib.request.urlopen(address, timeout=2) as answer:
                return bool(answer.status == 200)
        return False


def _is_open(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _free_port() -> int:
    """A port that no outgoing connection takes while its gateway is down: below the range that the kernel assigns."""
    for port in random.sample(range(20_000, 32_000), 200):
        with contextlib.suppress(OSError), socket.socket() as tried:
            tried.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no free port")


def _listening() -> Iterator[tuple[str, str]]:
    """Address and inode of each socket that listens for TCP."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(FileNotFoundError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A":
                    yield fields[1].split(":")[0], fields[9]


def wait_for(is_so: Callable[[], object], within_s: float) -> bool:
    """Check often whether `is_so` holds; return whether it did in time."""
    until = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True
