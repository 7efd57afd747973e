"""`edged version`: what runs here, for a report: edged, Python, the libraries, the OS and the board."""

import argparse
import json

from edged.cli.status import printable
from edged.errors import EXIT_OK


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "version",
        help="Show the versions of edged, Python, the libraries and the OS",
        description="Show the versions of edged, Python, the libraries and the OS, and where edged is."
        " `edged --version` shows the version of edged only.",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from edged.system.versions import versions

    found = versions()
    text = "\n".join(printable(f"{name:15} {of}") for name, of in found.items())
    print(json.dumps(found, indent=2) if args.json else text)
    return EXIT_OK
