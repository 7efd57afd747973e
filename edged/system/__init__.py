"""The machine edged runs on: clock, names, network, disk, log, control socket, systemd, and the one door out.

Knows what an operating system gives and asks. Not here: sound, the service, the turn.
"""
