"""A Linux kernel that is an ordinary program of this machine (User Mode Linux), with a card, pins, keys and LEDs in it.

The card is snd-aloop: what is played on one of its two devices is recorded by the other. The pins are gpio-sim's, the
keys uinput's, and the LEDs those of uleds. No kernel that Debian ships for this architecture has all of them. So it is
built here, once, from Debian's own source, which takes about five minutes on two cores.
"""

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from instruments.rig.image import cache

SOURCE = "linux-source-6.1"
TOOLS = ("gcc", "make", "libc6-dev", "flex", "bison", "bc", "xz-utils", "perl", "ca-certificates")

ON = (
    *("PCI", "VIRTIO_UML", "UML_PCI_OVER_VIRTIO"),  # without a bus there is no room for drivers
    *("SOUND", "SND", "SND_TIMER", "SND_HRTIMER", "SND_PCM", "SND_PROC_FS", "SND_VERBOSE_PROCFS"),
    *("SND_DRIVERS", "SND_ALOOP"),
    *("CONFIGFS_FS", "GPIOLIB", "GPIO_CDEV", "GPIO_CDEV_V1", "GPIO_SIM"),
    *("INPUT", "INPUT_EVDEV", "INPUT_MISC", "INPUT_UINPUT"),
    *("NEW_LEDS", "LEDS_CLASS", "LEDS_TRIGGERS", "LEDS_TRIGGER_TIMER", "LEDS_USER"),
    *("HOSTFS", "BLK_DEV_UBD", "EXT4_FS", "TMPFS", "TMPFS_XATTR", "TMPFS_POSIX_ACL", "OVERLAY_FS"),
    *("DEVTMPFS", "DEVTMPFS_MOUNT", "AUTOFS_FS", "FHANDLE", "INOTIFY_USER", "FANOTIFY"),
    *("SIGNALFD", "TIMERFD", "EPOLL", "UNIX", "UNIX_DIAG", "INET", "IPV6", "PACKET", "UNIX98_PTYS", "TTY"),
    *("CGROUPS", "MEMCG", "CGROUP_PIDS", "CGROUP_SCHED", "FAIR_GROUP_SCHED", "CFS_BANDWIDTH"),
    *("CGROUP_DEVICE", "CGROUP_BPF", "BPF_SYSCALL", "CGROUP_FREEZER"),  # DeviceAllow= is a BPF program
    *("NAMESPACES", "USER_NS", "NET_NS", "PID_NS", "UTS_NS", "IPC_NS", "SECCOMP", "SECCOMP_FILTER"),
    *("HIGH_RES_TIMERS", "NO_HZ_IDLE", "PSI", "CRYPTO_SHA256", "CRYPTO_HMAC"),
)
OFF = (
    *("WERROR", "DEBUG_INFO", "SND_PCI", "SND_USB", "SND_SOC", "SND_FIREWIRE", "SND_SPI", "NETFILTER"),
    *("WIRELESS", "WLAN", "ETHERNET", "REISERFS_FS", "XFS_FS", "ISO9660_FS"),
    *(
        "INPUT_MOUSEDEV",
        "INPUT_KEYBOARD",
        "INPUT_MOUSE",
        "SERIO",
        "HID_SUPPORT",
        "HID",
    ),  # of no use without ports
    # It puts the stacks of the kernel into memory that the kernel maps when it is first touched. An interrupt looks at
    # the bottom of the stack. If that is not there yet, and the interrupt comes while the kernel changes the mappings,
    # the fault counts as another interrupt, and the kernel faults forever.
    "VMAP_STACK",
)
# What user space needs to tell the time without the kernel. The kernel writes it into the last 64 bytes of the vDSO's
# page.
CLOCK = """
struct um_clock { unsigned seq, none; unsigned long long tsc, mono, real, mult; };
"""
READ_CLOCK = (
    CLOCK
    + """
int __vdso_clock_gettime(clockid_t clock, struct __kernel_old_timespec *ts)
{
	const volatile struct um_clock *at;
	unsigned long long tsc, ns;
	unsigned long here;
	unsigned seq;
	long ret;

	asm("lea 0(%%rip), %0" : "=r" (here));
	at = (const volatile struct um_clock *) ((here & ~4095UL) + 4096 - 64);
	if (at->mult && (clock == 0 || clock == 1)) {
		do {
			seq = at->seq;
			asm volatile("lfence; rdtsc; shl $32, %%rdx; or %%rdx, %0" : "=a" (tsc) : : "rdx", "memory");
			tsc -= at->tsc;
			ns = (clock ? at->mono : at->real) + ((tsc * at->mult) >> 32);
		} while ((seq & 1) || seq != at->seq);
		if (tsc < (1ULL << 26)) {
			ts->tv_sec = ns / 1000000000;
			ts->tv_nsec = ns % 1000000000;
			return 0;
		}
	}
"""
)
TELL_CLOCK = (
    """
#include <linux/math64.h>
#include <linux/timekeeping.h>
"""
    + CLOCK
    + """
extern void *um_clock_at;

static void um_tell_clock(void)
{
	static u64 tsc0, ns0;
	struct um_clock *at = um_clock_at;
	u64 tsc, mono, real, ns;

	do { /* until the four are of one moment: this program may be held up between them */
		tsc = __builtin_ia32_rdtsc();
		mono = ktime_get_ns();
		real = ktime_get_real_ns();
		ns = os_nsecs();
	} while (__builtin_ia32_rdtsc() - tsc > 20000);
	if (!tsc0) {
		tsc0 = tsc;
		ns0 = ns;
	}
	if (!at || ns - ns0 < 100000000)
		return;
	WRITE_ONCE(at->seq, at->seq + 1);
	smp_wmb();
	if (ns - ns0 < 10000000000ULL)
		at->mult = div64_u64((ns - ns0) << 28, (tsc - tsc0) >> 4);
	at->tsc = tsc;
	at->mono = mono;
	at->real = real;
	smp_wmb();
	WRITE_ONCE(at->seq, at->seq + 1);
}

"""
)
CHANGES = (
    # Sound is switched off for User Mode Linux, although it needs nothing that is missing there.
    ("sound/Kconfig", r"^(if|endif #) !UML$", ""),
    # The room for the floating-point state is too small for today's processors: the kernel would die in its first
    # program.
    ("arch/x86/um/user-offsets.c", r"(HOST_FP_SIZE, )2696", r"\g<1>12288"),
    # This kernel counts processor time in whole ticks, and what a tick has woken mostly sleeps again by the next
    # tick.
    (
        "arch/um/kernel/time.c",
        r"(void __init time_init\(void\))",
        r"unsigned long long notrace sched_clock(void)\n{\n\treturn os_nsecs();\n}\n\n\1",
    ),
    # Here, reading the clock is a system call, and Python reads it each time it takes a lock. No other machine asks
    # its kernel for the time: user space computes it from the processor's own counter.
    ("arch/x86/um/vdso/um_vdso.c", r"^int __vdso_clock_gettime\(.*\n{\n\tlong ret;\n", READ_CLOCK),
    (
        "arch/x86/um/vdso/vma.c",
        r"^unsigned long um_vdso_addr;",
        "unsigned long um_vdso_addr;\nvoid *um_clock_at;",
    ),
    (
        "arch/x86/um/vdso/vma.c",
        r"(\*vdsop = um_vdso;)",
        r"\1 BUG_ON(vdso_end - vdso_start > PAGE_SIZE - 64); um_clock_at = page_address(um_vdso) + PAGE_SIZE - 64;",
    ),
    ("arch/um/kernel/time.c", r"^(static irqreturn_t um_timer)", TELL_CLOCK + r"\1"),
    ("arch/um/kernel/time.c", r"(\(\*timer_clockevent.event_handler\).*;)", r"\1 um_tell_clock();"),
    # The card's clock is the kernel's tick. At the usual 100 Hz its periods would be steps of 10 ms; at 1000 Hz they
    # are as fine as a real card's.
    ("arch/um/Kconfig", r"(config HZ\n\s+int\n\s+default )100\n", r"\g<1>1000\n"),
)


def kernel() -> Path:
    """The program; the first call builds it. Raises RuntimeError with the end of the build's log."""
    recipe = sha256(repr((SOURCE, ON, OFF, CHANGES)).encode()).hexdigest()[:12]
    place = cache() / f"linux-{recipe}"
    with locked(place):
        if not place.exists():
            _install(TOOLS)
            with tempfile.TemporaryDirectory(prefix="edged-linux-", dir=place.parent) as work:
                _unpack(Path(work))
                _change(Path(work))
                _configure(Path(work))
                _say("building a kernel: once, about five minutes")
                _ran("make", "-s", "ARCH=um", f"-j{os.cpu_count()}", "linux", cwd=work)
                _ran("strip", "linux", cwd=work)
                shutil.copy(Path(work) / "linux", place.with_suffix(".new"))
            place.with_suffix(".new").rename(place)
    return place


@contextlib.contextmanager
def locked(place: Path) -> Iterator[None]:
    """Nobody else makes the same thing meanwhile."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.with_name(f".{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(packages: tuple[str, ...]) -> None:
    done = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${Status}\n", *packages],
        capture_output=True,
        text=True,
        check=False,
    )
    there = set(re.findall(r"^(\S+) install ok installed$", done.stdout, re.MULTILINE))
    if absent := [name for name in packages if name not in there]:
        _say(f"installing {' '.join(absent)}")
        options = ("-y", "-q", "--no-install-recommends", "--no-remove", "-o", "DPkg::Lock::Timeout=120")
        _ran("apt-get", "install", *options, *absent, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"})


def _unpack(work: Path) -> None:
    _say("fetching the kernel's source")
    _ran("apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", SOURCE, cwd=work)
    (package,) = work.glob("*.deb")
    inner = f"./usr/src/{SOURCE}.tar.xz"
    pipe = f'dpkg-deb --fsys-tarfile "$0" | tar -xO "{inner}" | tar -xJ --strip-components=1'
    _ran("sh", "-c", pipe, str(package), cwd=work)


def _change(work: Path) -> None:
    for name, old, new in CHANGES:
        path = work / name
        text, times = re.subn(old, new, path.read_text(), flags=re.MULTILINE)
        if not times:
            raise RuntimeError(f"{SOURCE} has changed: {old!r} is not in {name}")
        path.write_text(text)


def _configure(work: Path) -> None:
    _ran("make", "-s", "ARCH=um", "defconfig", cwd=work)
    words = [word for name in ON for word in ("-e", name)] + [word for name in OFF for word in ("-d", name)]
    _ran("scripts/config", *words, "--set-val", "KERNEL_STACK_ORDER", "4", cwd=work)
    _ran("make", "-s", "ARCH=um", "olddefconfig", cwd=work)
    took = (work / ".config").read_text()
    for name in ("SND_ALOOP", "GPIO_SIM", "INPUT_UINPUT", "CGROUP_BPF"):
        if f"CONFIG_{name}=y" not in took:
            raise RuntimeError(f"the kernel does not take CONFIG_{name}")


def _say(words: str) -> None:
    sys.stderr.write(f"rig: {words}\n")


def _ran(*words: str, cwd: Path | str | None = None, env: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(words[:3])}:\n{(done.stdout + done.stderr)[-3000:]}")
