"""`edged companion` with other parts than those of the configuration: `python odd.py WHAT EDGED-ARGUMENTS…`.

`WHAT`: `raises` (a bug), `unfit` (its configuration cannot be used), `stays` (it does not end when it is cancelled),
`bare` (no library is installed).
"""

import asyncio
import sys
from contextlib import suppress

from edged.cli import companion_parts, main
from edged.config.companion import LIBRARIES
from edged.errors import ConfigError


class OddPart:
    def __init__(self, what):
        self._what = what

    def __str__(self):
        return f"a part that {self._what}"

    async def run(self):
        await asyncio.sleep(0)
        if self._what == "raises":
            raise ZeroDivisionError("no luck today")
        if self._what == "unfit":
            raise ConfigError(["companion.page.listen: 127.0.0.1:1 cannot be used here"])
        while True:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(60)


def without_libraries():
    """As Python marks a module that cannot be imported."""
    sys.modules.update((name, None) for names in LIBRARIES.values() for name in names)


def odd_parts(loaded, kiosk, args):
    """At `site: fine`, no part."""
    return [] if loaded.config.companion.site == "fine" else [OddPart(sys.argv[1])]


if __name__ == "__main__":
    if sys.argv[1] == "bare":
        without_libraries()
    else:
        companion_parts.parts = odd_parts
    sys.exit(main(sys.argv[2:]))
