"""The composition root: joins adapters and packages to one Appliance, as configured. Only it knows all of them.

`Ports` hold what touches the machine (clock, resolver, network watch, store, device calls). `Devices` hold what touches
the world (microphone, speaker, button, lamp). `machine` and `devices` make the real ones.
"""

from edged.app.adapters import Devices, Ports, devices, machine
from edged.app.kiosk import App
from edged.app.reload import FileSource

__all__ = ["App", "Devices", "FileSource", "Ports", "devices", "machine"]
