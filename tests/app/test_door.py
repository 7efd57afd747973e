"""The exit for bugs: the real daemon, in its own process, fails at some point while the light is on."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# The daemon as `edged run` starts it, with a lamp that leaves a file behind, and a fault that occurs while it records.
PROGRAM = """
import asyncio, logging, os, signal, socket, sys, threading, time, weakref
from dataclasses import replace
from pathlib import Path
from textwrap import indent

from edged.app import App, devices, machine
from edged.audio.devices.pace import ThreadPace
from edged.config import load
from edged.system.door import ExitDoor
from edged.system.exit import ProcessExit
from edged.system.journal import setup

here = Path(sys.argv[1])


class Lamp:
    dims = False

    def __init__(self):
        self.file = os.open(here / "light", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def set(self, level, colour=None):
        os.write(self.file, b"1" if level >= 0.5 else b"0")

    def stop(self):
        self.set(0.0)


SETS = [f"control.socket={here}/control.sock", "state.dir=", "microphone.backend=null", "speaker.backend=null"]
SETS += ["button.backend=none", "light.backend=none", "provider.url=ws://127.0.0.1:9"]
FAULT = '''
def broken(*_):
    raise ZeroDivisionError("a bug")

async def broken_task():
    broken()

class Finaliser:
    def __del__(self):
        broken()

def fault(app, loop):
''' + indent(sys.argv[2], "    ")


async def main(door):
    config = load(None, env={}, sets=SETS).config
    loop = asyncio.get_running_loop()
    lamp = Lamp()
    front = replace(devices(config, ThreadPace), lamp=lamp)
    app = App(config, key=None, ports=machine(config), front=front)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, app.stop)
    # What fails is a module of the name that the test gives; it is compiled as the program never is.
    module = {**globals(), "__name__": "WHOSE"}
    exec(compile(FAULT, "WHOSE.py", "exec"), module)

    async def visit():
        while not (here / "control.sock").exists():
            await asyncio.sleep(0.01)
        while not app.intake.is_open:
            app.front.button.release()
            await asyncio.sleep(0.05)  # it may not be opened yet, and it may bounce
            app.front.button.press()
            await asyncio.sleep(0.05)
        assert (here / "light").read_text().endswith("1")
        try:
            module["fault"](app, loop)
        finally:
            await asyncio.sleep(LIVES_S)
            print(app.snapshot()["counters"].get("foreign_failures", 0), app.appliance.state.value)
            app.stop()

    visitor = loop.create_task(visit())
    return await app.live(door)


setup("info")
door = ExitDoor(ProcessExit())
sys.exit(door.run(main(door)))
"""


def kiosk(tmp_path, fault, *, whose="edged.fault", lives_s=10):
    program = PROGRAM.replace("WHOSE", whose).replace("LIVES_S", str(lives_s))
    return subprocess.run(
        [sys.executable, "-c", program, str(tmp_path), fault],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )


def lines_of(process, word="bug: "):
    """Return the journal lines with this beginning."""
    lines = (line.partition(">")[2] if line.startswith("<") else line for line in process.stderr.splitlines())
    return [line for line in lines if line.startswith(word)]


OURS = {
    "callback": "loop.call_soon(broken)",
    "callback that never begins": "loop.call_soon(app.hup, 'one too many')",
    "timer": "loop.call_later(0.01, broken)",
    "callback of a thread": "threading.Thread(target=loop.call_soon_threadsafe, args=(broken,)).start()",
    "reader": """
app.ends = socket.socketpair()
loop.add_reader(app.ends[0], broken)
app.ends[1].send(b"x")
""",
    "callback of a future": """
app.future = loop.create_future()
app.future.add_done_callback(broken)
app.future.set_result(None)
""",
    "callback that was cancelled": """
def cancelled(): raise asyncio.CancelledError
loop.call_soon(cancelled)
""",
    "button": "app.appliance.gesture = broken\napp.front.button.release()",
    "task": "loop.create_task(broken_task())",
    "task that somebody holds": "app.task = loop.create_task(broken_task())",
    "part that is cancelled": "[task.cancel() for task in asyncio.all_tasks() if task.get_name() == 'learning']",
    "thread": "threading.Thread(target=broken).start()",
    "thread that leaves": "def leaves(): sys.exit(0)\nthreading.Thread(target=leaves).start()",
    "thread that never begins": "threading.Thread(target=broken_task, args=(1, 2)).start()",
    "callback that leaves": "def leaves(): sys.exit(0)\nloop.call_soon(leaves)",
    "microphone": "from edged.audio.capture.intake import Intake\nIntake._gather = broken",
    "speaker": """
from edged.audio.playout.playout import Playout
Playout.take = broken
app.appliance._announcer.tell("busy", gate_open=False)
""",
    "device call": "app.front.microphone._pace.stop = broken\napp.command('mute', None)",
    "control socket": """
app.desk.command = broken
app.client = socket.socket(socket.AF_UNIX)
app.client.connect(str(here / "control.sock"))
app.client.send(b'{"command": "press"}\\n')
""",
    "signal handler of the loop": """
loop.add_signal_handler(signal.SIGUSR1, broken)
os.kill(os.getpid(), signal.SIGUSR1)
""",
    "signal handler of Python": """
signal.signal(signal.SIGUSR1, broken)
loop.call_soon(threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1)).start)
""",
    "signal handler, and a task that does not end": """
async def stubborn():
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass
app.task = loop.create_task(stubborn())
signal.signal(signal.SIGUSR1, broken)
loop.call_soon(threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1)).start)
""",
    "signal handler in the middle of a line": """
formatter = logging.getLogger().handlers[0].formatter
form = formatter.format
def interrupted(record):
    formatter.format = form
    os.kill(os.getpid(), signal.SIGUSR1)
    return form(record)
formatter.format = interrupted
signal.signal(signal.SIGUSR1, broken)
loop.call_soon(logging.getLogger("edged").info, "something")
""",
    "finaliser": "Finaliser()",
    "finaliser in a thread": "threading.Thread(target=Finaliser).start()",
    "finaliser of a weak reference": """
class Held: pass
held = Held()
app.ref = weakref.ref(held, broken)
""",
    "finaliser in the log": """
class Held(logging.Filter):
    def filter(self, record):
        Finaliser()
        return True
logging.getLogger().handlers[0].addFilter(Held())
logging.getLogger("edged").info("something")
""",
    "line of the log": "loop.call_soon(logging.getLogger('edged').info, '%d', 'no number')",
    "two hundred at once": """
ready = threading.Event()
def fails():
    ready.wait()
    broken()
for _ in range(200):
    threading.Thread(target=fails).start()
loop.call_soon(broken)
ready.set()
""",
    "end on request": "app.appliance.stop = broken\nos.kill(os.getpid(), signal.SIGTERM)",
    "thread during an end on request": """
app.appliance.stop = threading.Thread(target=broken).start
os.kill(os.getpid(), signal.SIGTERM)
""",
    "loop that stands still": "threading.Thread(target=broken).start()\ntime.sleep(20)",
    "listener": "app.audience.listeners.append(broken)\nloop.call_soon(app.appliance.interrupt)",
}


QUICK = ("callback", "thread", "task", "speaker", "finaliser")


def cases(of, quick=QUICK):
    """All cases. Those that test nothing new in another process are marked slow."""
    return [
        pytest.param(fault, id=name, marks=[] if name in quick else [pytest.mark.slow])
        for name, fault in of.items()
    ]


@pytest.mark.slow
@pytest.mark.parametrize("fault", cases(OURS))
def test_a_bug_ends_the_kiosk_once_dark_and_with_its_line(tmp_path, fault):
    process = kiosk(tmp_path, fault)
    assert process.returncode == 70, process.stderr
    assert len(lines_of(process)) == 1, process.stderr
    assert "Traceback" in process.stderr
    assert "SyntaxError" not in process.stderr
    assert (tmp_path / "light").read_text().endswith("0")
    assert not (tmp_path / "control.sock").exists()


@pytest.mark.slow
def test_what_became_of_the_turn_is_in_the_journal_though_the_loop_has_not_come_to_it(tmp_path):
    fault = "app.appliance.stop()\nthreading.Thread(target=broken).start()\ntime.sleep(20)"
    process = kiosk(tmp_path, fault)
    assert len(lines_of(process, "turn: STOP: ")) == 1, process.stderr
    assert [line for line in lines_of(process, "turn ") if "stopped" in line], process.stderr


LEAVING = {
    "the lamp fails": "Lamp.stop = broken\nloop.call_soon(broken)",
    "the lamp hangs": "Lamp.stop = lambda _: threading.Event().wait()\nloop.call_soon(broken)",
    "the lamp hangs, and a thread failed": """
Lamp.stop = lambda _: time.sleep(60)
threading.Thread(target=broken).start()
""",
    "the error has no words": """
class Mute(Exception):
    def __str__(self): raise ValueError
    __repr__ = __str__
def mute(): raise Mute
loop.call_soon(mute)
""",
    "the log fails": "logging.getLogger().handlers[0].emit = broken\nloop.call_soon(broken)",
    "the farewell fails": "app.intake.shut = app._device_panel.lamp.stop = broken\nloop.call_soon(broken)",
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", LEAVING.values(), ids=LEAVING)
def test_what_fails_on_the_way_out_holds_nothing_up(tmp_path, fault):
    process = kiosk(tmp_path, fault)
    assert process.returncode == 70, process.stderr
    assert len(lines_of(process)) == 1, process.stderr
    assert not (tmp_path / "control.sock").exists()


@pytest.mark.slow
def test_a_log_that_hangs_costs_the_line_and_nothing_else(tmp_path):
    fault = (
        "logging.getLogger().handlers[0].emit = lambda _: threading.Event().wait()\nloop.call_soon(broken)"
    )
    process = kiosk(tmp_path, fault)
    assert process.returncode == 70
    assert (tmp_path / "light").read_text().endswith("10")
    assert not (tmp_path / "control.sock").exists()


FOREIGN = {
    "finaliser": "for _ in range(3): Finaliser()",
    "callback": "for _ in range(3): loop.call_soon(broken)",
    "thread": """
for _ in range(3):
    thread = threading.Thread(target=broken)
    thread.start()
    thread.join()
""",
    "task": "for _ in range(3): loop.create_task(broken_task())",
    "future that nobody asks": """
for _ in range(3):
    loop.create_future().set_exception(ConnectionResetError())
""",
    "transport": """
for _ in range(3):
    loop.call_exception_handler(
        {"message": "Fatal error on SSL transport", "exception": OSError(9, "x"), "transport": None}
    )
""",
    "task that was destroyed": """
for _ in range(3):
    loop.call_exception_handler({"message": "Task was destroyed but it is pending!", "task": None})
""",
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", cases(FOREIGN, ["finaliser"]))
def test_a_failure_of_a_library_is_told_once_and_counted(tmp_path, fault):
    process = kiosk(tmp_path, fault, whose="lgpio", lives_s=0.2)
    assert process.returncode == 0, process.stderr
    assert process.stdout == "3 LISTENING\n"
    assert len(lines_of(process, "a library has failed")) == 1
    assert not lines_of(process)


VERBS = {
    "run": ["--set", "control.socket=", "--set", "state.dir=", "--set", "provider.url=ws://127.0.0.1:9"],
    "relay": ["--port", "0", "--set", "provider.url=ws://127.0.0.1:9"],
    "serve": ["--port", "0"],
    "rescue": ["--set", "light.backend=none"],
}
DEVICES = ["microphone.backend=null", "speaker.backend=null", "button.backend=none", "light.backend=none"]
VERBS["run"] += [word for each in DEVICES for word in ("--set", each)]


@pytest.mark.slow
@pytest.mark.parametrize("verb", VERBS)
def test_each_service_has_the_door(verb):
    program = [
        "import asyncio, sys, threading",
        "def broken(): raise ZeroDivisionError('a bug')",
        "SIGNALS = asyncio.SelectorEventLoop.add_signal_handler",
        "def handler(loop, *arguments):",
        "    SIGNALS(loop, *arguments)",
        "    threading.Thread(target=broken).start()",
        "asyncio.SelectorEventLoop.add_signal_handler = handler",
        "from edged.cli import main",
        f"sys.exit(main({[verb, *VERBS[verb]]}))",
    ]
    process = subprocess.run(
        [sys.executable, "-c", "\n".join(program)],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert process.returncode == 70, process.stderr
    assert len(lines_of(process)) == 1, process.stderr
