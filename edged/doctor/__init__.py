"""What about the machine can spoil a kiosk: Wi-Fi, USB, HDMI and the power supply.

Each check is a pure function from facts to problems. `machine.py` reads the facts, and nothing else here touches the
machine. A check changes nothing: a problem says what was found and what helps. docs/machine.md is for users.
"""
