"""Composition root: a configuration becomes adapters, rooms and one Appliance. Nothing else knows them all.

What touches the machine (clock, resolver, network watch, store, device calls) comes in as `Ports`, what touches
the world (microphone, speaker, button, lamp) as `Devices`; `machine` and `devices` make the real ones.
"""

from edged.app.adapters import Devices, Ports, devices, machine
from edged.app.kiosk import App
from edged.app.reload import FileSource

__all__ = ["App", "Devices", "FileSource", "Ports", "devices", "machine"]
