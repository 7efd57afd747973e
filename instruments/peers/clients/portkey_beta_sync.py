"""portkey-ai, `beta.realtime`, the sync client."""

from functools import partial

import portkey_beta
import report
from portkey_ai import Portkey

if __name__ == "__main__":
    report.main(partial(portkey_beta.hold, kind=Portkey))
