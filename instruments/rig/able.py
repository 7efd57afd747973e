"""Whether this machine can boot another one at all.

If it cannot, no package helps: the kernel, or the container around this, does not let root do it.
"""

import os
import subprocess
import tempfile

from instruments.rig.group import own_group

TRIES = (
    ("mounting a file system", "mount -t tmpfs rig {0}"),
    (
        "layered directories",
        "cd {0}; mkdir l u w r; mount -t overlay -o lowerdir=l,upperdir=u,workdir=w rig r",
    ),
    ("making a device", "mknod {0}/r/null c 1 3 && : >{0}/r/null"),
    ("a separate process tree", "unshare --pid --ipc --uts --fork mount -t proc rig {0}/r"),
)


def obstacle() -> str:
    """What this machine does not allow, in words; empty if it allows everything."""
    with tempfile.TemporaryDirectory(prefix="edged-rig-") as place:
        script = "set -e\n" + "".join(
            f"{line.format(place)} || exit {n}\n" for n, (_, line) in enumerate(TRIES, 10)
        )
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c", script], capture_output=True, text=True, check=False
        )
        if done.returncode:
            what = TRIES[done.returncode - 10][0] if done.returncode >= 10 else "a separate namespace"
            return (
                f"this machine, or the container this runs in, does not allow {what} ({done.stderr.strip()})"
            )
    try:
        with own_group(f"edged-rig-able-{os.getpid()}"):  # workers of one run look at the same time
            return ""
    except OSError as error:
        return (
            f"this machine, or the container this runs in, does not allow a separate control group ({error})"
        )
