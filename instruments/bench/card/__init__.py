"""Programs that run inside the machine with the sound card (instruments/rig/card.py): instruments and subjects."""
