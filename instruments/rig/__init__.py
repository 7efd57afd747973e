"""The rig: a bare Debian with a real systemd as its first process, in a namespace of this machine.

No virtual machine: the kernel, the processor and the network are this machine's, so it is up in a second and as fast as
anything here. It has no sound card and no pins. It needs root, mmdebstrap and systemd-nspawn.
"""

from instruments.rig.box import Box
from instruments.rig.image import MISSING, image

__all__ = ["MISSING", "Box", "image"]
