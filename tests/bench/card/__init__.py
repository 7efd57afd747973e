"""What runs inside the machine with the sound card (tests/rig/card.py): the instruments, and those they measure."""
