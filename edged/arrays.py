"""numpy, and the memory that it wants, asked for first.

Rules:
1. OpenBLAS, which numpy brings, ends the process where it gets no memory (exit 1, in its own words), when it is loaded
   and when it first multiplies. So the memory is asked for before, and both are done at once, or neither.
2. It has one thread: each more takes 32 MiB of address space and a core of a kiosk that has better use for it. Whoever
   sets the number in the environment has it.

Whoever imports numpy calls `load` before.
"""

import mmap
import os
import threading

from edged.errors import DeviceError

# Measured: 121 MiB of address space, 75 MiB of them to be written to; the stacks of six threads come on top.
ADDRESSES = 192 * 2**20
WRITTEN = 128 * 2**20
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
_lock = threading.Lock()
_loaded = False


def load() -> None:
    """Load it, once; half a second on a small board.

    Raises:
        DeviceError: (memory_short) this process may not have the memory.
    """
    global _loaded  # noqa: PLW0603 a process has one numpy
    with _lock:
        if _loaded:
            return
        ask_for("numpy", ADDRESSES, written=WRITTEN)
        for name in _THREADS:
            os.environ.setdefault(name, "1")
        import numpy as np  # noqa: PLC0415 13.5 MB that most kiosks are spared

        square = np.zeros((64, 64))
        square @ square  # its memory is taken now
        _loaded = True


def ask_for(who: str, addresses: int, *, written: int) -> None:
    """See that so many bytes could be had, and so many to be written to. None is touched, so it costs nothing.

    Raises:
        DeviceError: (memory_short) they cannot.
    """
    for n_bytes, protection in ((addresses, mmap.PROT_READ), (written, mmap.PROT_READ | mmap.PROT_WRITE)):
        try:
            mmap.mmap(-1, n_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=protection).close()
        except OSError as error:
            text = f"{who} takes {n_bytes >> 20} MiB that this process may not have (ulimit -v, ulimit -d)"
            raise DeviceError(text, "memory_short") from error
