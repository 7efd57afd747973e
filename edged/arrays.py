"""Loads numpy, after checking that this process can have the memory that numpy needs.

Rules:
1. numpy brings OpenBLAS. When OpenBLAS gets no memory, it ends the process (exit 1, with its own message), either when
   it is loaded or at its first multiplication. So `load` checks for the memory first, and then does both at once.
2. OpenBLAS gets one thread. Each further thread takes 32 MiB of address space and a core that the kiosk needs. A number
   set in the environment takes precedence.

Call `load` before importing numpy.
"""

import mmap
import os
import threading

from edged.errors import DeviceError

# Measured: 121 MiB of address space, 75 MiB of them writable. The stacks of six threads come on top.
ADDRESSES = 192 * 2**20
WRITTEN = 128 * 2**20
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
_lock = threading.Lock()
_loaded = False


def load() -> None:
    """Load numpy, once. This takes half a second on a small board.

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
        import numpy as np  # noqa: PLC0415 most kiosks never need its 13.5 MB

        square = np.zeros((64, 64))
        square @ square  # makes OpenBLAS take its memory now
        _loaded = True


def ask_for(who: str, addresses: int, *, written: int) -> None:
    """Check that this many bytes can be mapped, and this many mapped writable. Touches no memory, so it costs nothing.

    Raises:
        DeviceError: (memory_short) they cannot be mapped.
    """
    for n_bytes, protection in ((addresses, mmap.PROT_READ), (written, mmap.PROT_READ | mmap.PROT_WRITE)):
        try:
            mmap.mmap(-1, n_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=protection).close()
        except OSError as error:
            text = f"{who} needs {n_bytes >> 20} MiB that this process may not have (ulimit -v, ulimit -d)"
            raise DeviceError(text, "memory_short") from error
