"""Says what is in the way of booting a machine here, and fails then."""

import sys

from tests.rig.able import obstacle

sys.exit(obstacle() or 0)
