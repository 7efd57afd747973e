"""Runs inside a sandbox, in place of edged or its companion, and tries what it may and may not do. Writes JSON: name to
outcome.

With the argument `companion`, it tries what concerns the companion (COMPANION_NEEDS, COMPANION_MUST_NOT).
An outcome is "ok" or the name of the error. It uses only Python's own library, because it runs in the box.
"""

import ctypes
import errno
import json
import mmap
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

STATE = Path(os.environ.get("STATE_DIRECTORY", "/var/lib/edged"))
libc = ctypes.CDLL(None, use_errno=True)
KEYCTL = {"x86_64": 250, "aarch64": 219}[os.uname().machine]


def call(function, *arguments):
    """Make a system call by its C function; raises OSError."""
    if function(*arguments) == -1:
        raise OSError(ctypes.get_errno(), "refused")


def touch(path):
    Path(path).write_text("x")


def read(path):
    Path(path).read_bytes()


def opened(path):
    os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))


def ran(*words):
    subprocess.run(words, check=True, capture_output=True)


def in_thread():
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()


def mapped(protection):
    mmap.mmap(-1, 4096, prot=protection).close()


def made(family, kind=socket.SOCK_STREAM):
    socket.socket(family, kind).close()


def listening(family, address):
    with socket.socket(family) as one:
        one.bind(address)
        one.listen()


def watched():
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as one:  # NETLINK_ROUTE
        one.bind((0, 0x1 | 0x10 | 0x40))  # links and addresses, as the daemon requests them


def notified():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.sendto(b"STATUS=probing", os.environ["NOTIFY_SOCKET"])


def journalled():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.sendto(b"MESSAGE=probing\n", "/run/systemd/journal/socket")


def asked():
    """Serve one client on the passed socket. The client is told who it is."""
    with socket.socket(fileno=3) as passed:
        passed.settimeout(20)
        client, _ = passed.accept()
        with client:
            found = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            client.sendall(b"%d" % struct.unpack("3i", found)[1])


def copied_shell(place):
    path = Path(place) / "sh"
    path.write_bytes(Path("/bin/sh").read_bytes())
    path.chmod(0o700)
    ran(path, "-c", "true")


def alone():
    """The processes of other users cannot be seen."""
    if [name for name in os.listdir("/proc") if name.isdecimal() and name != str(os.getpid())]:
        raise OSError(errno.EEXIST, "others are seen")


def locked(size):
    block = mmap.mmap(-1, size)
    call(
        libc.mlock, ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(block))), ctypes.c_size_t(size)
    )


def set_uid_bit():
    path = STATE / "bit"
    path.touch()
    path.chmod(0o4755)


def numpy_works():
    import numpy as np

    assert (np.arange(10.0) @ np.arange(10.0)) == 285


def callback_works():
    """libffi's closures, which PyAudio and libasound's error handler need."""
    kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
    numbers = (ctypes.c_int * 3)(3, 1, 2)
    order = kind(lambda a, b: ctypes.c_int.from_address(a).value - ctypes.c_int.from_address(b).value)
    libc.qsort(numbers, 3, ctypes.sizeof(ctypes.c_int), order)
    assert list(numbers) == [1, 2, 3]


ATTEMPTS = {
    # what edged needs
    "write its state": lambda: touch(STATE / "file"),
    "write its run directory": lambda: touch("/run/edged/file"),
    "make a pipe where it starts": lambda: os.mkfifo("lgd-probe"),
    "write a temporary file": lambda: tempfile.TemporaryFile().close(),
    "read its configuration": lambda: read("/etc/edged/config.yaml"),
    "read the authorities": lambda: read("/etc/ssl/certs/ca-certificates.crt"),
    "read the board's revision": lambda: read("/proc/cpuinfo"),
    "read its credential": lambda: read(os.environ["CREDENTIALS_DIRECTORY"] + "/edged_api-key"),
    "open a sound card": lambda: opened("/dev/snd/controlC9"),
    "open a chip of pins": lambda: opened("/dev/gpiochip9"),
    "open an LED on SPI": lambda: opened("/dev/spidev9.0"),
    "choose a way of scheduling": lambda: os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0)),
    "schedule in real time": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10)),
    "lock a megabyte": lambda: locked(1 << 20),
    "hear of the network": watched,
    "connect": lambda: socket.create_connection(("127.0.0.1", 8765), 5).close(),
    "serve the socket that was passed": asked,
    "tell systemd": notified,
    "write to the journal": journalled,
    "see itself alone": alone,
    "start a thread": in_thread,
    "use numpy": numpy_works,
    "be called back by C": callback_works,
    # what edged must not do
    "run a shell": lambda: ran("/bin/sh", "-c", "true"),
    "run another program": lambda: ran("/usr/bin/id"),
    "run a shell from its state": lambda: copied_shell(STATE),
    "run a shell from its run directory": lambda: copied_shell("/run/edged"),
    "run a shell from a temporary file": lambda: copied_shell("/tmp"),
    "run a shell from the other temporary files": lambda: copied_shell("/var/tmp"),
    "run a shell from shared memory": lambda: copied_shell("/dev/shm"),
    "run the shell for early boot": lambda: ran("/usr/lib/klibc/bin/sh", "-c", "true"),
    "make code as it goes": lambda: mapped(mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC),
    "listen on the network": lambda: listening(socket.AF_INET, ("127.0.0.1", 0)),
    "listen on a socket of its own": lambda: listening(socket.AF_UNIX, "/run/edged/other.sock"),
    "take packets": lambda: made(socket.AF_PACKET, socket.SOCK_RAW),
    "speak Bluetooth": lambda: made(31, socket.SOCK_RAW),
    "open a raw disk": lambda: opened("/dev/probe-disk"),
    "open the memory": lambda: opened("/dev/probe-mem"),
    "open a terminal": lambda: opened("/dev/probe-tty"),
    "read a home": lambda: os.listdir("/home/visitor"),
    "read root's home": lambda: os.listdir("/root"),
    "read the key where it lies": lambda: read("/etc/edged/credentials/api-key"),
    "list the keys": lambda: os.listdir("/etc/edged/credentials"),
    "read the boot partition": lambda: os.listdir("/boot"),
    "read the network's passwords": lambda: os.listdir("/etc/NetworkManager"),
    "change its configuration": lambda: touch("/etc/edged/config.yaml"),
    "write below /etc": lambda: touch("/etc/probe"),
    "change its own code": lambda: touch("/opt/edged/probe"),
    "write below /var/lib": lambda: touch("/var/lib/probe"),
    "set a kernel's switch": lambda: touch("/proc/sys/kernel/domainname"),
    "become root": lambda: os.setuid(0),
    "leave a program that becomes another": set_uid_bit,
    "make a namespace": lambda: call(libc.unshare, 0x10000000),
    "mount": lambda: call(libc.mount, b"none", b"/tmp", b"tmpfs", 0, None),
    "set the clock": lambda: call(libc.clock_settime, 0, struct.pack("qq", 0, 0)),
    "rename the machine": lambda: call(libc.sethostname, b"x", 1),
    "use a keyring": lambda: call(libc.syscall, KEYCTL, 0, -3, 0),
    "restart the machine": lambda: call(libc.reboot, 0),
    "change its rights to resources": lambda: os.setpriority(os.PRIO_PROCESS, 0, -5),
    "schedule above the kernel": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50)),
}


def reached(path):
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(path)
        assert one.recv(1) == b"{"


def credential(name):
    return os.path.join(os.environ["CREDENTIALS_DIRECTORY"], name)


def only_its_credentials():
    assert sorted(os.listdir(credential(""))) == ["mqtt-key", "mqtt-password", "page-token"]
    assert Path(credential("page-token")).read_text() == "a-token\n"
    assert Path(credential("mqtt-password")).read_text().strip() == ""  # there is no such file


COMPANION_NEEDS = {
    **{
        name: ATTEMPTS[name]
        for name in (
            *("write its state", "write a temporary file", "read its configuration", "read the authorities"),
            *("read the board's revision", "hear of the network", "tell systemd", "write to the journal"),
            *("see itself alone", "start a thread", "use numpy"),
        )
    },
    "have its credentials alone": only_its_credentials,
    "connect to the kiosk": lambda: reached("/run/edged/control.sock"),
    "listen on this machine": lambda: listening(socket.AF_INET, ("127.0.0.1", 0)),
    "listen on all addresses": lambda: listening(socket.AF_INET6, ("::", 0)),
    "run the interpreter": lambda: ran(sys.executable, "-I", "-c", "pass"),
    "write for node-exporter": lambda: touch("/var/lib/prometheus/node-exporter/edged.prom"),
}
_NOT_DENIED = {"listen on the network"}
COMPANION_MUST_NOT = {
    **{
        name: attempt
        for name, attempt in list(ATTEMPTS.items())[list(ATTEMPTS).index("run a shell") :]
        if name not in _NOT_DENIED
    },
    **{
        name: ATTEMPTS[name]
        for name in (
            *("open a sound card", "open a chip of pins", "open an LED on SPI", "write its run directory"),
            "schedule in real time",
        )
    },
    "have the key among its credentials": lambda: read(credential("edged_api-key")),
    "look at the kiosk's state": lambda: os.listdir("/var/lib/edged"),
    "look at what was installed": lambda: touch("/var/lib/edged-install/probe"),
}


def outcome(attempt):
    try:
        attempt()
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error.errno))
    except Exception as error:  # noqa: BLE001 whatever it is, the test shows it
        return repr(error)
    return "ok"


def main():
    attempts = ATTEMPTS if sys.argv[1:] != ["companion"] else COMPANION_NEEDS | COMPANION_MUST_NOT
    results = {name: outcome(attempt) for name, attempt in attempts.items()}
    (STATE / "probe.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
