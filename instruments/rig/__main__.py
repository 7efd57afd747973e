"""Says why no machine can be booted here, and then ends with 75. Any other failure is a fault of the rig."""

import sys

from instruments.rig.able import obstacle

CANNOT_BOOT = 75  # EX_TEMPFAIL; scripts/test looks for it

if reason := obstacle():
    sys.stderr.write(f"{reason}\n")
    sys.exit(CANNOT_BOOT)
