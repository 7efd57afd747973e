"""Microphones and speakers: an adapter for each foreign library, and the threads that drive them (docs/devices.md).

This package knows the names, rates and formats of cards, and their faults. Not here: what happens to the sound
(capture/, playout/), how it is changed (dsp/), and when a lost device is opened again (keeper).
"""
