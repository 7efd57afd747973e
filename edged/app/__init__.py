"""Composition root: turns a configuration into adapters, rooms and one Appliance. Nothing else knows all of them.

`Ports` hold what touches the machine (clock, resolver, network watch, store, device calls). `Devices` hold what touches
the world (microphone, speaker, button, lamp). `machine` and `devices` make the real ones.
"""

from edged.app.adapters import Devices, Ports, devices, machine
from edged.app.kiosk import App
from edged.app.reload import FileSource

__all__ = ["App", "Devices", "FileSource", "Ports", "devices", "machine"]
