"""Whether a machine can be booted on this one at all.

No package helps where this is so: the kernel, or the container this runs in, does not let root do it.
"""

import subprocess
import tempfile

from instruments.rig.group import own_group

TRIES = (
    ("a file system mounted", "mount -t tmpfs rig {0}"),
    (
        "layers of directories",
        "cd {0}; mkdir l u w r; mount -t overlay -o lowerdir=l,upperdir=u,workdir=w rig r",
    ),
    ("a device made", "mknod {0}/r/null c 1 3 && : >{0}/r/null"),
    ("a process tree of its own", "unshare --pid --ipc --uts --fork mount -t proc rig {0}/r"),
)


def obstacle() -> str:
    """What this machine does not allow, in words; empty where all of it is."""
    with tempfile.TemporaryDirectory(prefix="edged-rig-") as place:
        script = "set -e\n" + "".join(
            f"{line.format(place)} || exit {n}\n" for n, (_, line) in enumerate(TRIES, 10)
        )
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c", script], capture_output=True, text=True, check=False
        )
        if done.returncode:
            what = TRIES[done.returncode - 10][0] if done.returncode >= 10 else "a name space of its own"
            return (
                f"this machine, or the container this runs in, does not allow {what} ({done.stderr.strip()})"
            )
    try:
        with own_group("edged-rig-able"):
            return ""
    except OSError as error:
        return f"this machine, or the container this runs in, does not allow a control group of its own ({error})"
