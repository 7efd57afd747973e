"""The machine that edged runs on: clock, names, network, disk, log, control socket, systemd, the exit of the process.

Knows what an operating system offers and requires. Not here: sound, the service, the turn.
"""
