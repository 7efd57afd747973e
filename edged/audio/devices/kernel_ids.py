"""Which ids the kernel gives to sound cards by chance. Pure.

The kernel makes the id of a USB card from the last word of its name. If that is taken, it adds `_1`, `_2` and so on,
in the order in which the cards start (sound/core/init.c). So of two cards with this word, either may have the bare id
after the next start. An id from a driver or from a rule of udev is not like this, and is as good as a name. But until
the rule has run, the card has the id of the kernel.

The options of snd-usb-audio may give an id, too. Each goes to the first card that starts and fits its vid= and pid=.
"""

import re

from edged.audio.devices.present import Card

LONGEST = 15
_SUFFIX = re.compile(r"(?P<stem>.+)(?P<suffix>_[0-9A-F]{1,3})")
_LAST_WORD = re.compile(r".*\s(?=[A-Za-z0-9])", re.DOTALL)


def made_from(name: str) -> str:
    """The id that the kernel makes from a card's name, if no other card has it."""
    word = re.sub(r"[^A-Za-z0-9]", "", _LAST_WORD.sub("", name.strip()))
    if word[:1].isdigit():
        word = (name[0] if re.match("[A-Za-z]", name) else "D") + word
    return "Default" if not word or word.startswith("card") else word[:LONGEST]


def stem(card_id: str, name: str, others: frozenset[str]) -> str:
    """The id without a suffix of the kernel's. `others`: the ids of all cards.

    A suffix is the kernel's if the rest is made from the name, or is the id of another card.
    """
    found = _SUFFIX.fullmatch(card_id)
    if found is None:
        return card_id
    made = made_from(name)
    for whole in (made, *sorted(others)):
        if whole != card_id and whole[: LONGEST - len(found["suffix"])] == found["stem"]:
            return whole
    return card_id


def bare(card_id: str) -> str:
    """The id without what looks like a suffix of the kernel's."""
    found = _SUFFIX.fullmatch(card_id)
    return card_id if found is None else found["stem"]


def suffixes(card_id: str, base: str) -> int:
    """How many other cards with this base there were when the card got its id."""
    found = _SUFFIX.fullmatch(card_id)
    return 0 if found is None or card_id == base else int(found["suffix"][1:], 16)


def bases_of(card: Card, ids: frozenset[str]) -> frozenset[str]:
    """The ids, without suffixes, that a card has or may have after the next start. `ids`: the ids of all cards."""
    return frozenset({stem(card.id, card.name, ids), made_from(card.name), *card.may_be})


def possible(card: Card) -> tuple[str, ...]:
    """The ids that a card may have, without whatever looks like a suffix."""
    return bare(card.id), made_from(card.name), *card.may_be
