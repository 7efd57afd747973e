"""portkey-ai, `realtime`, the sync client."""

from functools import partial

import portkey_ga
import report
from portkey_ai import Portkey

if __name__ == "__main__":
    report.main(partial(portkey_ga.hold, kind=Portkey))
