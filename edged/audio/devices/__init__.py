"""Microphones and speakers: an adapter for each foreign library, and the threads that drive them (docs/devices.md).

Knows names, rates and formats of cards, and their faults. Not here: what becomes of the sound (capture/, playout/), how
it is changed (dsp/), when a device that is lost is opened again (keeper).
"""
