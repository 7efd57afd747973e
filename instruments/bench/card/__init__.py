"""Runs inside the machine with the sound card (instruments/rig/card.py): the instruments, and those they measure."""
