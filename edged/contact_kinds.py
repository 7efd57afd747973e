"""How long each kind of contact may bounce. Pure.

The figures, and where they come from:
- button: of the 18 switches that Jack Ganssle measured (A Guide to Debouncing), all but two bounced for at most 6.2 ms.
  Worn ones bounce for up to 20 ms.
- plunger, foot switch: the worst of those switches bounced for 157 ms. Both are hit hard.
- hook: the receiver itself bounces. Builders of telephones with a recorder need up to 300 ms, and gateways for analogue
  telephones ignore interruptions that are shorter than that. Nobody hangs up and lifts again within 400 ms.
"""

BOUNCE_MS = {"button": 25, "plunger": 160, "foot_switch": 160, "hook": 400}


def bounce_ms(kind: str, wanted: int | None) -> int:
    """The time that the owner wants, or the usual one of this kind."""
    return BOUNCE_MS[kind] if wanted is None else wanted
