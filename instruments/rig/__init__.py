"""The rig: a bare Debian with a real systemd as its first process, in a namespace of this machine.

There is no virtual machine. The kernel, the processor and the network are this machine's own, so it boots in a second
and is as fast as this machine. It has no sound card and no pins. It needs root, mmdebstrap and systemd-nspawn.
"""

from instruments.rig.box import Box
from instruments.rig.image import MISSING, image

__all__ = ["MISSING", "Box", "image"]
