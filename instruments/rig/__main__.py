"""Says what is in the way of booting a machine here, and ends with 75 then; any other failure is a fault of the rig."""

import sys

from instruments.rig.able import obstacle

IN_THE_WAY = 75  # EX_TEMPFAIL; scripts/test asks for it

if reason := obstacle():
    sys.stderr.write(f"{reason}\n")
    sys.exit(IN_THE_WAY)
