"""The configuration in use, for programs that ask a running kiosk. Pure.

Rules:
1. Secrets are masked as `edged config show` masks them. The hash is that of the masked values, so it says nothing about
   a secret, and is the same for two kiosks that differ in their secrets and names (`OF_ONE_KIOSK`) only.
2. The hash depends on the values alone: neither on the order of the keys nor on where a value comes from.
3. A page has at most `MOST_PAGE` bytes, and a value at most `MOST_VALUE`. A longer value is cut, and its setting says
   so.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from msgspec import to_builtins

from edged.config.keys import KEYS
from edged.config.model import Config
from edged.config.show import masking

MOST_PAGE = 40_000  # of the 64 KiB that a client may leave unread
MOST_VALUE = 4_000
HASH_DIGITS = 12
OF_ONE_KIOSK = frozenset({"companion.name", "companion.site", "companion.page.host", "companion.mqtt.user"})
"""Keys that name a kiosk, and so differ between kiosks that are set up alike."""
_DEFAULTS = Config()


def page(config: Config, origins: Mapping[str, str], start: int = 0) -> dict[str, Any]:
    """The settings from number `start` on, as many as fit: {"settings": […], "hash": "…", "next": number or None}."""
    shown = _shown(config)
    settings: list[dict[str, Any]] = []
    room = MOST_PAGE
    for key in list(KEYS.values())[start:]:
        value, is_cut = _cut(shown[key.name])
        setting = {
            "key": key.name,
            "value": value,
            "origin": origins.get(key.name, "default"),
            "default": key.of(config) == key.of(_DEFAULTS),
        }
        if is_cut:
            setting["cut"] = True
        room -= len(json.dumps(setting)) + 2
        if settings and room < 0:
            break
        settings.append(setting)
    after = start + len(settings)
    return {"settings": settings, "hash": fingerprint(config), "next": after if after < len(KEYS) else None}


def fingerprint(config: Config) -> str:
    """The hash of the configuration, in `HASH_DIGITS` hexadecimal digits: one for all kiosks that are set up alike."""
    return _hash({key: value for key, value in _shown(config).items() if key not in OF_ONE_KIOSK})


def _shown(config: Config) -> dict[str, Any]:
    masked = masking(config)
    return {key.name: to_builtins(masked(key.of(config)), enc_hook=str) for key in KEYS.values()}


def _hash(shown: Mapping[str, Any]) -> str:
    return sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:HASH_DIGITS]


def _cut(value: Any) -> tuple[Any, bool]:
    text = json.dumps(value)
    if len(text) <= MOST_VALUE:
        return value, False
    plain = value if isinstance(value, str) else text
    kept = plain[: MOST_VALUE // 6]  # JSON writes a character in up to six
    while len(json.dumps(longer := plain[: len(kept) + 200])) < MOST_VALUE:
        kept = longer
    return f"{kept}…", True
