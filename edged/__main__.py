"""`python -m edged`."""

from edged.cli import program

program()
