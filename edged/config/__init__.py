"""The configuration: its model, its layers, its checks, and the origin of every value."""

from edged.config.change import Change as Change
from edged.config.change import change as change
from edged.config.change import clashes as clashes
from edged.config.change import usable_now as usable_now
from edged.config.change import with_headset as with_headset
from edged.config.change import with_value as with_value
from edged.config.credential import check_key as check_key
from edged.config.credential import read_text as read_text
from edged.config.credential import resolve_key as resolve_key
from edged.config.edit import Value as Value
from edged.config.edit import edited as edited
from edged.config.edit import flat as flat
from edged.config.edit import has as has
from edged.config.loader import Loaded as Loaded
from edged.config.loader import files_of as files_of
from edged.config.loader import load as load
from edged.config.loader import salvage as salvage
from edged.config.migrate import migrated as migrated
from edged.config.model import Config as Config
from edged.config.presets import presets as presets
from edged.config.presets import title as title
from edged.config.secret import Secret as Secret
from edged.config.show import schema as schema
from edged.config.show import show as show
