"""The page about the doctor has the checks that there are."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_is_what_the_checks_say():
    subprocess.run([sys.executable, ROOT / "scripts/draw-doctor", "--check"], check=True)
