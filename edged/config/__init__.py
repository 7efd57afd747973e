"""The configuration: its model, read, layered and checked, with an origin for every value."""

from edged.config.model import Config
from edged.config.secret import Secret

__all__ = ["Config", "Secret"]
