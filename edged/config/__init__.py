"""The configuration: its model, read, layered and checked, with an origin for every value."""

from edged.config.change import Change, change, usable_now
from edged.config.credential import read_text, resolve_key
from edged.config.loader import Loaded, load, salvage
from edged.config.model import Config
from edged.config.secret import Secret
from edged.config.show import schema, show

__all__ = [
    "Change",
    "Config",
    "Loaded",
    "Secret",
    "change",
    "load",
    "read_text",
    "resolve_key",
    "salvage",
    "schema",
    "show",
    "usable_now",
]
