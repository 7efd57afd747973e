"""Rules for the keys of what visitors hear: the tags of languages, and the ids of causes."""

from collections.abc import Iterator

from edged.causes import CAUSES
from edged.config.model import Config
from edged.config.part import names_of
from edged.config.problem import Finding, meant, shown
from edged.phrases.languages import is_tag
from edged.phrases.speech import Manner

_HEARD = [cause.id for cause in CAUSES.values() if cause.phrase is not None]


def of_visitor(config: Config) -> Iterator[Finding]:
    """All faults of these keys that remain although each value fits its key."""
    visitor = config.visitor
    for tag in names_of(visitor.languages):
        if not is_tag(tag):
            what = f"{shown(tag)} is not a language (write its code, such as en, de or pt-BR)"
            yield Finding(("visitor.languages",), what)
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
