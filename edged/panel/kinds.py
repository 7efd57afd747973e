"""How long each kind of contact may bounce. Pure.

A button has a snap action; a receiver rattles on its hook, and a foot rolls over its switch.
"""

BOUNCE_MS = {"button": 25, "plunger": 100, "foot_switch": 100, "hook": 400}


def bounce_ms(kind: str, wanted: int | None) -> int:
    """The time that the owner wants, or the usual one of this kind."""
    return BOUNCE_MS[kind] if wanted is None else wanted
