"""Rules for the keys of what visitors hear: the ids of causes, and a folder. Languages are in language_rules.py."""

from collections.abc import Iterator

from edged.causes import CAUSES
from edged.config.model import Config
from edged.config.problem import Finding, meant, shown
from edged.phrases.speech import Manner

_HEARD = [cause.id for cause in CAUSES.values() if cause.phrase is not None]


def of_visitor(config: Config) -> Iterator[Finding]:
    """All faults of these keys that remain although each value fits its key."""
    visitor = config.visitor
    for cause, manner in visitor.causes.items():
        keys = (f"visitor.causes.{cause}", "visitor.causes")
        if cause not in CAUSES:
            yield Finding(keys, f"there is no such cause{meant(cause, _HEARD)}")
        elif cause not in _HEARD:
            yield Finding(keys, "visitors never hear of this cause (remove it)")
        if manner not in list(Manner):
            near = meant(manner, list(Manner)) or " (write tone, phrase or both)"
            yield Finding(keys, f"{shown(manner)} is not a way to tell it{near}")
    if visitor.phrases_dir and not visitor.phrases_dir.startswith("/"):
        yield Finding(("visitor.phrases_dir",), 'is not an absolute path (write /…, or "" for none)')
