"""A kiosk with a fault in it, and what `edged doctor` says about it, in a process of its own."""

import json
import os
import shutil
import socketserver
import subprocess
import sys
import threading
import wave
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from tests.audio.devices.cards.rig import Machine
from tests.cli.daemon import ENV, QUIET, Daemon
from tests.doctor import loaded

EDGED = (sys.executable, "-P", "-m", "edged")
IN_TIME_S = 60
RATE = 24_000


class Bench:
    """Everything in `folder`. `config` is what the kiosk is given; a fault changes it, or the world around it."""

    def __init__(self, folder: Path, stack: ExitStack, plugin=None, authority=None) -> None:
        self.folder, self.authority, self.stack, self._plugin = folder, authority, stack, plugin
        self.config = {
            "version": 1,
            "control": {"socket": f"{folder}/s"},
            "state": {"dir": f"{folder}/state"},
            **QUIET,
        }
        self.config["provider"] = {"name": "custom", "model": "m"}
        self.env, self.words, self.around = dict(ENV), [], []
        self.is_served, self.text, self.trees, self._files = False, "", (), 0
        self.patience = {}

    # -- the service -----------------------------------------------------------------------------------

    def serve(self, *words, **provider) -> str:
        """The embedded service with these options; the kiosk uses it."""
        out = self._file("served")
        process = loaded.begin(["serve", "--port", "0", *map(str, words)], ENV, out, self._file("errors"))
        self.stack.callback(process.join)
        self.stack.callback(process.terminate)
        url = loaded.first_line(process, out).split()[1]
        self.config["provider"] = {**self.config["provider"], "url": url, **provider}
        self.is_served = True
        return url

    def answer(self, said: bytes) -> str:
        """A server that reads a request and answers with these bytes; none: it says nothing. Returns host and port."""

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                if not said:
                    self.request.recv(1)
                    threading.Event().wait(20)
                while self.rfile.readline().strip():
                    pass
                self.wfile.write(said)

        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.stack.callback(server.server_close)
        self.stack.callback(server.shutdown)
        return f"127.0.0.1:{server.server_address[1]}"

    def tls(self, names: str, *, trusted: bool = True, **times) -> None:
        """The service behind a certificate for these names."""
        both = self.authority.issue(names, **times)
        own = self.folder / "host.pem"
        shutil.copy(both, own)
        url = self.serve("--cert", own)
        port = url.rpartition(":")[2]
        more = {"ca_file": str(self.authority.file)} if trusted else {}
        self.config["provider"] |= {"url": f"wss://localhost:{port}", **more}

    # -- the devices -----------------------------------------------------------------------------------

    def wav(self, samples) -> None:
        """A microphone that hears this."""
        path = self.folder / "heard.wav"
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, RATE, 0, "NONE", ""))
            file.writeframes(np.clip(np.round(samples), -32768, 32767).astype("<i2").tobytes())
        self.config["microphone"] = {"backend": "wav", "file": str(path)}

    def cards(self, *specs, more: str = "", **parts) -> Machine:
        """A machine with these sound cards. `parts`: what `microphone` and `speaker` have in the configuration."""
        machine = Machine(self.folder / "machine").boot(*specs)
        self.env |= machine.alsa(self._plugin, more)
        self.trees = (machine.proc, machine.sys)
        for part, wanted in parts.items():
            self.config[part] = {"backend": "alsa", **wanted}
        return machine

    # -- around it -------------------------------------------------------------------------------------

    def within(self, script: str, *words: str) -> None:
        """Run the doctor in namespaces of its own, after this script."""
        self.around = ["unshare", *words, "sh", "-c", f'{script}; exec "$@"', "sh"]

    def running(self) -> Daemon:
        """Start the kiosk itself."""
        daemon = Daemon(self.folder, env=self.env)
        self.write()
        daemon.start()
        self.stack.callback(daemon.stop)
        return daemon

    def start_second(self) -> Daemon:
        """Start another edged with the same configuration, and a socket of its own."""
        daemon = Daemon(self.folder, env={**self.env, "EDGED_CONTROL__SOCKET": f"{self.folder}/second"})
        self.write()
        daemon.socket = self.folder / "second"
        daemon.start()
        self.stack.callback(daemon.stop)
        return daemon

    def write(self) -> Path:
        path = self.folder / "c.yaml"
        path.write_text(self.text or json.dumps(self.config))
        return path

    # -- the doctor ------------------------------------------------------------------------------------

    def examine(self, *words) -> dict:
        """What the doctor says, as JSON."""
        if not self.is_served and "url" not in self.config["provider"]:
            self.serve()
        line = ["doctor", "--json", "--config", self.write(), *self.words, *words]
        code, out, errors = self.ran(*line)
        assert out, errors
        found = json.loads(out)
        found["code"], found["errors"] = code, errors
        return found

    def ran(self, *words) -> tuple[int, str, str]:
        """Run a command line of edged to its end: its code, what it prints, and its errors."""
        words = list(map(str, words))
        if self.around or "LD_PRELOAD" in self.env:
            done = subprocess.run(
                [*self.around, *EDGED, *words],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=IN_TIME_S,
                env=self.env,
                cwd="/",
                check=False,
            )
            return done.returncode, done.stdout, done.stderr
        out, errors = self._file("out"), self._file("errors")
        process = loaded.begin(words, self.env, out, errors, self.trees, self.patience)
        process.join(IN_TIME_S)
        code = process.exitcode
        if code is None:
            process.kill()
            raise AssertionError(f"no end: {out.read_text()}")
        return code, out.read_text(), errors.read_text()

    def _file(self, name: str) -> Path:
        """A file that is not there yet."""
        self._files += 1
        return self.folder / f"{name}.{self._files}"


def noise(dbfs: float, seconds: float = 3.0, seed: int = 1):
    """A room."""
    return np.random.default_rng(seed).normal(0, 32768 * 10 ** (dbfs / 20) / 2**0.5, round(seconds * RATE))


def clock_of(folder: Path, seconds: int) -> dict[str, str]:
    """The environment of a process whose clock shows this time; the time goes on."""
    source = folder / "clock.c"
    source.write_text(
        """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
#include <sys/time.h>
static long ahead(void) {
    static int (*real)(clockid_t, struct timespec *); static long off; struct timespec now;
    if (!real) { real = dlsym(RTLD_NEXT, "clock_gettime"); real(CLOCK_REALTIME, &now); off = SECONDS - now.tv_sec; }
    return off;
}
int clock_gettime(clockid_t id, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int status = real(id, at);
    if (id == CLOCK_REALTIME) at->tv_sec += ahead();
    return status;
}
int gettimeofday(struct timeval *at, void *zone) {
    struct timespec now; clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec; at->tv_usec = now.tv_nsec / 1000; return 0;
}
time_t time(time_t *at) {
    struct timespec now; clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
""".replace("SECONDS", str(seconds))
    )
    library = folder / "clock.so"
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True, capture_output=True
    )
    return {"LD_PRELOAD": str(library)}


def may_unshare(*words: str) -> bool:
    return os.geteuid() == 0 and subprocess.run(["unshare", *words, "true"], check=False).returncode == 0
