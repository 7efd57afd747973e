"""The clients, the service that they talk to, and what each of them saw."""

import contextlib
import json
import os
import shutil
import ssl
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from edged.local import clips
from instruments.peers.tls import Proxy

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PEERS = Path(sys.prefix) / "peers"
AT_ONCE = 2  # programs that run at the same time
LONGEST_S = 55  # for all conversations of a program; each conversation ends itself far earlier
TARGETS = ("direct", "relay-ga", "relay-beta")
AUTO = ("direct", "auto-ga", "auto-beta")  # a relay that finds out the one dialect of its service
BY_TLS = ("tls", "auto-ga", "auto-beta")  # `edged serve --tls`; a proxy with TLS before these relays
GUIDE = ("guide-ga", "guide-beta")  # `edged relay --provider a15t`, with a service of that dialect only
KEYED = ("right-key", "wrong-key")  # a service that wants a key
CONVERSATIONS = ("text", "push-to-talk", "vad", "as-it-comes", "interrupt", "tool", "error")
REFUSALS = ("unknown_parameter", "input_audio_buffer_commit_empty", "response_cancel_not_active")
SERVED = ("--pace", "20", "--think-ms", "10", "--script", HERE / "script.yaml")
# The relay's own model: different from the one that the clients ask for, and known to their types.
RELAYED_MODEL = "gpt-4o-realtime-preview"


@dataclass(frozen=True)
class Client:
    name: str
    program: str
    dialect: str
    mints: bool = False  # supports short-lived keys
    thorough: bool = False  # asks for every option that its types have
    transcribes: bool = False  # opens sessions that only transcribe
    targets: tuple[str, ...] = TARGETS
    refusals: tuple[str, ...] = REFUSALS  # errors in the conversation "error"
    own_ids: bool = True  # lets its user name a request, and tells which one an error is about
    by_tls: bool = False  # connects by TLS only
    refused: str = "401"  # what it says when its key is refused
    cannot: Mapping[str, str] = field(default_factory=dict, hash=False)  # a conversation, and why not

    def __str__(self) -> str:
        return self.name

    def conversations_with(self, target: str) -> tuple[str, ...]:
        """The conversations with this target. Short-lived keys, for example, come from the service itself only."""
        minting = ("mint",) if self.mints else ()
        options = ("options",) if self.thorough else ()
        transcribing = ("transcribe",) if self.transcribes else ()
        if target in KEYED:
            return ("text", *minting)
        able = tuple(name for name in CONVERSATIONS if name not in self.cannot)
        return (*able, *minting, *options, *transcribing) if target == "direct" else able


CLIENTS = (
    Client("openai-ga", "openai_ga.py", "ga", mints=True, thorough=True, transcribes=True),
    Client("openai-beta", "openai_beta.py", "beta", mints=True, thorough=True),
    Client("portkey-beta", "portkey_beta.py", "beta", mints=True, thorough=True),
    Client("portkey-beta-sync", "portkey_beta_sync.py", "beta", mints=True),
    Client("portkey-ga", "portkey_ga.py", "ga", thorough=True),
    Client("portkey-ga-sync", "portkey_ga_sync.py", "ga"),
    # cancels only what it knows to be running
    Client("agents-python", "agents_session.py", "ga", refusals=REFUSALS[:2]),
    Client("agents-js", "agents_realtime.mjs", "ga"),
    Client("beta-client-js", "openai_realtime_api.mjs", "beta"),
    Client("openai-js", "openai_ws.mjs", "ga", targets=BY_TLS, by_tls=True),
    # a browser's WebSocket tells no page the status of a refusal
    Client("openai-js-native", "openai_websocket.mjs", "ga", targets=BY_TLS, by_tls=True, refused="non-101"),
    Client("openai-js-azure", "openai_azure.mjs", "ga", targets=BY_TLS, by_tls=True),
    # does not report that there was nothing to cancel
    Client("livekit", "livekit_session.py", "ga", targets=AUTO, refusals=REFUSALS[:2]),
    Client(
        "pipecat",
        "pipecat_pipeline.py",
        "ga",
        targets=AUTO,
        cannot={"error": "it reads nothing more after an error, however harmless"},
    ),
    Client(
        "pydantic-ai",
        "pydantic_ai_session.py",
        "ga",
        targets=AUTO,
        refusals=(
            REFUSALS[1],
            "rate_limit_exceeded",
        ),  # it sends no other settings, and reports a failed answer, too
        own_ids=False,
    ),
    Client(
        "semantic-kernel",
        "semantic_kernel_session.py",
        "ga",
        targets=AUTO,
        refusals=REFUSALS[1:],  # it sends only settings that it knows
        own_ids=False,
    ),
)


def missing() -> str | None:
    """Why the clients cannot run here; None if they can."""
    if not (PEERS / "js" / "node_modules").is_dir():
        return "the clients are not installed; scripts/test peers installs them"
    return None


class Company:
    """All clients, services and relays. A program runs when it is needed; those known beforehand run first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = contextlib.ExitStack()
        self._lock = threading.Lock()
        self._urls: dict[str, str] = {}
        self._services: dict[str, str] = {}  # for targets that have a service of their own
        self._runs: dict[tuple[Client, str], Future[dict[str, SimpleNamespace]]] = {}
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._proxy = Proxy()
        self._secure: dict[str, tuple[str, Path]] = {}  # by target: the URL, and the certificate to trust
        self._judge: subprocess.Popen[str] | None = None
        self._verdicts: dict[str, tuple[str | None, list[str]]] = {}

    def __enter__(self) -> "Company":
        self._stack.callback(self._pool.shutdown, cancel_futures=True)
        # JavaScript programs look for their imports in their own folder
        shutil.copytree(HERE / "js", self._folder / "js", ignore=shutil.ignore_patterns("node_modules"))
        (self._folder / "js" / "node_modules").symlink_to(PEERS / "js" / "node_modules")
        self._stack.enter_context(self._proxy)
        self._url("direct")
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _url(self, target: str) -> str:
        """The URL of a target; a relay is started when it is first needed."""
        with self._lock:
            if target not in self._urls:
                self._urls |= self._started(target)
            return self._urls[target]

    def _by_tls(self, target: str) -> tuple[str, Path]:
        """The same by TLS, and the certificate to trust."""
        url = self._url(target)
        with self._lock:
            if target not in self._secure:
                self._secure[target] = self._proxy.before(url), self._proxy.cert
            return self._secure[target]

    def _started(self, target: str) -> dict[str, str]:
        if target in KEYED:
            keys = self._folder / "keys"
            keys.write_text("right-key\n")
            return dict.fromkeys(KEYED, self._start("serve", *SERVED, "--key-file", keys))
        if target == "direct":
            return {target: self._start("serve", *SERVED)}
        if target == "tls":
            words = self._said("serve", *SERVED, "--tls", lines=2)
            self._services[target] = words[1]  # serving URL certificate PATH
            self._secure[target] = words[1], Path(words[3])
            return {target: words[1]}
        if target in GUIDE:
            return {target: self._by_the_guide(target)}
        settings = {"name": "local", "url": self._urls["direct"], "model": RELAYED_MODEL}
        kind, dialect = target.split("-")
        if kind == "auto":
            settings["url"] = self._services[target] = self._start("serve", *SERVED, "--speaks", dialect)
            settings |= {"name": "custom", "api_key": "any"}
        else:
            settings["dialect"] = dialect
        options = [word for name, value in settings.items() for word in ("--set", f"provider.{name}={value}")]
        return {target: self._start("relay", *options) + "v1/realtime"}

    def _by_the_guide(self, target: str) -> str:
        """A relay with no settings but the service's address and a key, which the service does not need."""
        serve = self._start("serve", *SERVED, "--speaks", target.removeprefix("guide-"))
        self._services[target] = serve
        options = ("--set", f"provider.url={serve}", "--set", "provider.api_key=any")
        return self._start("relay", "--provider", "a15t", *options) + "v1/realtime"

    def _start(self, verb: str, *words: object) -> str:
        """The URL at which a verb of edged says it serves."""
        return next(word for word in self._said(verb, *words) if word.startswith("ws://"))

    def _said(self, verb: str, *words: object, lines: int = 1) -> list[str]:
        """The words that a verb of edged prints when it serves."""
        command = [sys.executable, "-P", "-m", "edged", verb, "--port", "0", *map(str, words)]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        log = self._stack.enter_context((self._folder / f"{verb}.log").open("a"))
        running = self._stack.enter_context(
            subprocess.Popen(
                command, env=env, cwd=self._folder, stdout=subprocess.PIPE, stderr=log, text=True
            )
        )
        self._stack.callback(running.terminate)
        assert running.stdout is not None
        said = "".join(running.stdout.readline() for _ in range(lines))
        log_file = self._folder / f"{verb}.log"
        assert "://" in said, f"{verb} says {said!r}; see its log: {log_file.read_text()}"
        return said.split()

    # -- the clients -----------------------------------------------------------------------------------

    def invite(self, wanted: Iterable[tuple[Client, str]]) -> None:
        """Let these clients talk to these targets, in the order of the requests."""
        for client, target in wanted:
            if (client, target) not in self._runs:
                self._runs[client, target] = self._pool.submit(self._run, client, target)

    def saw(self, client: Client, target: str, conversation: str) -> Any:
        """What a client saw of a conversation.

        Raises:
            AssertionError: the conversation failed; the text says how.
        """
        seen = self.tried(client, target, conversation)
        assert seen.failure is None, f"{client} in the conversation {conversation!r}: {seen.failure}"
        return seen

    def tried(self, client: Client, target: str, conversation: str) -> Any:
        """The same for a conversation that may have failed: `failure` says how."""
        self.invite([(client, target)])
        return self._runs[client, target].result()[conversation]

    def on_the_page(self) -> list[dict[str, Any]]:
        """The sessions that the programs of Portkey's page make, with a service like Portkey."""
        keys = self._folder / "portkey-keys"
        keys.write_text("PORTKEY_API_KEY\n")
        url = self._start("serve", "--like", "portkey", "--key-file", keys)
        command = [PEERS / "bin" / "python", "-B", HERE / "clients" / "portkey_page.py", url]
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._folder),
            "KEY": "any",
            "QUESTION": str(clips("question.wav")),
        }
        ran = subprocess.run(command, env=env, capture_output=True, text=True, timeout=LONGEST_S, check=False)
        assert ran.returncode == 0, ran.stderr[-2000:]
        return [json.loads(line) for line in ran.stdout.splitlines()]

    def _run(self, client: Client, target: str) -> dict[str, SimpleNamespace]:
        program = client.program
        url, cert = self._by_tls(target) if client.by_tls else (self._url(target), "")
        if program.endswith(".py"):
            command = [PEERS / "bin" / "python", HERE / "clients" / program]
        else:
            command = [PEERS / "bin" / "node", self._folder / "js" / program]
        # nothing of the machine: no proxy, no key, no settings of its user; and no telemetry
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._folder),
            "KEY": target if target in KEYED else "any",
            "QUESTION": str(clips("question.wav")),
            "NODE_EXTRA_CA_CERTS": str(cert),
            "PYTHONPYCACHEPREFIX": str(PEERS / "cache"),  # large libraries, compiled once
            "OPENAI_AGENTS_DISABLE_TRACING": "1",
        }
        conversations = client.conversations_with(target)
        ran = subprocess.run(
            [*command, url, *conversations],
            env=env,
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
        reports = [json.loads(line, object_hook=_named) for line in ran.stdout.splitlines()]
        assert len(reports) == len(conversations), (
            f"{program} ended with {ran.returncode}: {ran.stderr[-2000:]}"
        )
        failed = any(report.failure for report in reports)
        assert bool(ran.returncode) == failed, f"{program} ended with {ran.returncode}: {ran.stderr[-2000:]}"
        return {report.conversation: SimpleNamespace(**vars(report), target=target) for report in reports}

    # -- observers -----------------------------------------------------------------------------------

    def ledger(self, seen: Any) -> SimpleNamespace:
        """The service's own ledger for the session of a conversation."""
        service, session_id = self._services.get(seen.target, self._urls["direct"]), seen.session_id
        cert = self._secure[seen.target][1] if service.startswith("wss") else None
        trust = ssl.create_default_context(cafile=cert)
        with urllib.request.urlopen(_http(service) + "/edged/ledger", timeout=10, context=trust) as answer:
            found = json.load(answer)
        return SimpleNamespace(
            bill=[row for row in found["bill"] if row["session_id"] == session_id],
            audit=[row for row in found["audit"] if row["session_id"] == session_id],
            appended=found["appended"].get(session_id, 0),
            cleared=found["cleared"].get(session_id, 0),
            truncations=found["truncations"],
        )

    def judged(self, dialect: str, message: dict[str, Any]) -> tuple[str | None, list[str]]:
        """What the openai SDK's types find wrong with a message, and which of its fields they do not name."""
        question = json.dumps([dialect, message])
        if question not in self._verdicts:
            if self._judge is None:
                self._judge = self._stack.enter_context(
                    subprocess.Popen(
                        [PEERS / "bin" / "python", "-B", HERE / "clients" / "sdk_types.py"],
                        stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE,
                        text=True,
                    )
                )
            assert self._judge.stdin is not None
            assert self._judge.stdout is not None
            self._judge.stdin.write(question + "\n")
            self._judge.stdin.flush()
            complaint, strays = json.loads(self._judge.stdout.readline())
            self._verdicts[question] = complaint, strays
        return self._verdicts[question]


def _http(url: str) -> str:
    return url.replace("ws", "http", 1).removesuffix("/v1/realtime")


def _named(report: dict[str, Any]) -> Any:
    """Reports and answers with their fields as attributes; messages stay dictionaries."""
    return (
        SimpleNamespace(**report)
        if "failure" in report or {"transcript", "sound"} <= report.keys()
        else report
    )
