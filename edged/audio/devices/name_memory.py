"""What the names of one device have meant so far, so that a name never changes its card unnoticed. Pure.

A kiosk starts with whatever is plugged in. So two facts about each name are kept over restarts:

- The cards that it has fitted at the same time. They are certainly two. While one of them is unplugged, the name still
  does not mean the other one.
- The card that it opened last. If the name opens another one later, `news` says so. That is no error: somebody may have
  replaced a broken card, or plugged it in elsewhere, and the kiosk must not stay silent for that.

Rules:
1. After a name has fitted two cards, it means the card that it opened before, in the same place and of the same model,
   if the other one is unplugged. Otherwise it is refused.
2. A name that is no longer configured is forgotten, and so is whatever cannot be read.
3. Nothing is noted about a place (`port:usb-…`), which means the same card by definition, or about `default`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from edged.audio.devices.present import Card
from edged.spelling import read

MOST_CARDS = 4
MOST_LETTERS = 600  # of one text about a card; a name at udev has three texts of at most 126 characters
_KEPT = tuple(each for each in fields(Card) if each.name not in ("number", "may_be", "has_camera"))


@dataclass(frozen=True, slots=True)
class _Known:
    together: tuple[Card, ...] = ()
    opened: Card | None = None


class NameMemory:
    """The memory of the names of a microphone or a speaker. One thread at a time notes; any may read."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        """`names`: those that are configured. Without any, whatever is noted is kept."""
        self._names = frozenset(names)
        self._known: dict[str, _Known] = {}
        self._going_to: dict[str, tuple[str, Card]] = {}
        self._news = ""

    def copy(self) -> "NameMemory":
        """A memory of the same, for a look that is not to be noted."""
        copy = NameMemory(self._names)
        copy._known = self._known
        return copy

    def __contains__(self, name: str) -> bool:
        """Whether a name has fitted several cards."""
        return bool(self._of(name).together)

    def others(self, name: str, cards: Iterable[Card]) -> list[Card]:
        """The cards that a name has fitted together with these, whether they are plugged in now or not."""
        these, together = list(cards), self._of(name).together
        return [
            card
            for card in together
            if not any(
                is_in_place(card, each) or (_is_unique(card, together) and card.usb == each.usb)
                for each in these
            )
        ]

    def cards(self) -> list[Card]:
        """All cards that names have fitted together."""
        return list(dict.fromkeys(card for known in self._known.values() for card in known.together))

    def is_last(self, name: str, card: Card) -> bool:
        """Whether a name has opened this card last, or another of its model in the same place."""
        last = self._of(name).opened
        return last is not None and is_in_place(last, card)

    def saw(self, name: str, cards: Iterable[Card]) -> None:
        """A name fits several cards at once."""
        known = self._of(name)
        new = tuple(cards)
        kept = tuple(each for each in known.together if not any(is_known_as(each, card) for card in new))
        self._note(name, replace(known, together=(*new, *kept)[:MOST_CARDS]))

    def means(self, device: str, name: str, card: Card) -> None:
        """The library's name `device` is going to be opened for a configured name, which means this card now."""
        self._going_to[device] = name, card

    def meaning(self, name: str) -> Card | None:
        """The card that a name has meant at the last look; None: it means no card."""
        return next((card for wanted, card in self._going_to.values() if wanted == name), None)

    def opened(self, what: str, device: str) -> None:
        """The library's name `device` has been opened."""
        if device not in self._going_to:
            return
        name, card = self._going_to[device]
        self._going_to.clear()
        if read(name).kind == "path":
            return
        known = self._of(name)
        before = known.opened
        if before is not None and _is_other(before, card):
            self._news = (
                f"{what} {name!r} is now {_placed(card)}; before, it was {_placed(before)}. If this is another card and"
                f" not the one that you want, name the card in `{what}.device`"
            )
        self._note(name, replace(known, opened=card))

    def news(self) -> str:
        """What a person should know about the card that was opened; empty: nothing. Once."""
        news, self._news = self._news, ""
        return news

    def facts(self) -> dict[str, Any]:
        """All of it as JSON."""
        return {
            name: {
                "together": [_as_json(card) for card in known.together],
                "opened": None if known.opened is None else _as_json(known.opened),
            }
            for name, known in self._known.items()
        }

    def recall(self, facts: object) -> bool:
        """Add what was kept, below what was noted since. Returns whether all of it could be read."""
        if not isinstance(facts, Mapping):
            return False
        is_whole = True
        for name, about in facts.items():
            if name not in self._names:
                continue
            try:
                kept = _Known(
                    tuple(_card(each) for each in about["together"][:MOST_CARDS]),
                    None if about["opened"] is None else _card(about["opened"]),
                )
            except (TypeError, KeyError, ValueError, AttributeError):
                is_whole = False
                continue
            now = self._of(name)
            self._note(name, _Known(now.together or kept.together, now.opened or kept.opened))
        return is_whole

    def _of(self, name: str) -> _Known:
        return self._known.get(name, _Known())

    def _note(self, name: str, known: _Known) -> None:
        self._known = {**self._known, name: known}


def is_in_place(card: Card, other: Card) -> bool:
    """Whether two are of one model and in one place."""
    return bool(card.path) and card.path == other.path and _model(card) == _model(other)


def is_known_as(card: Card, other: Card) -> bool:
    """Whether a text that lists both would list one card twice. Without places, that does not make them one card."""
    return is_in_place(card, other) or (
        not card.path and not other.path and (card.id, _model(card)) == (other.id, _model(other))
    )


def _is_unique(card: Card, together: tuple[Card, ...]) -> bool:
    """Whether a card has a serial number of its own: some makers give all cards the same one."""
    has_serial = bool(card.usb.rpartition(":")[2])
    return has_serial and sum(each.usb == card.usb for each in together) == 1


def _is_other(card: Card, other: Card) -> bool:
    """Whether two differ in model or place, as far as their places are known."""
    return _model(card) != _model(other) or bool(card.path and other.path and card.path != other.path)


def _placed(card: Card) -> str:
    return f"{card} at {card.path}" if card.path else str(card)


def _model(card: Card) -> str:
    return card.usb.rpartition(":")[0] or card.name


def _as_json(card: Card) -> dict[str, Any]:
    return {each.name: getattr(card, each.name) for each in _KEPT}


def _card(about: Mapping[str, Any]) -> Card:
    """A card that was kept. Raises TypeError, KeyError or ValueError where it is none."""
    texts: dict[str, Any] = {each.name: about[each.name] for each in _KEPT if each.type is str}
    numbers: dict[str, Any] = {each: tuple(about[each]) for each in ("microphones", "speakers")}
    if not all(isinstance(each, str) and len(each) <= MOST_LETTERS for each in texts.values()):
        raise ValueError("not the texts of a card")
    if not all(type(each) is int for of in numbers.values() for each in of):
        raise ValueError("not the devices of a card")
    return Card(number=-1, **texts, **numbers)
