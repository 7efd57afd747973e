"""What the counts are worth, by a dated table of prices. Pure.

Rules:
1. Money is an exact fraction of US dollars, never a float.
2. A row is a price of one provider and model from a day on. Of several rows, the last one that begins no later than the
   day counts; a day before all rows has the first of them. The unknown day has the last one.
3. The model `*` is any model of the provider. A name of a model also means its dated versions. The name of a maker may
   come before it (`openai/gpt-realtime`).
4. Rows of the configuration come before the rows that edged brings along, from the day on which the first of them
   begins.
5. What has no rate in its row costs an unknown amount, unless nothing of it was used. A row that charges nothing at all
   for tokens (xAI: minutes) says so with rates of 0.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from edged.ledger.counts import Counts

_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")
_MILLION = 1_000_000
_MINUTE_MS = 60_000

Rate = Decimal | None
ANY = "*"


@dataclass(frozen=True, slots=True)
class Price:
    """A row, in US dollars. Rates of tokens are for a million of them, `minute` is for a minute of connection.

    `transcribed_minute` is for a minute of sound whose transcription is billed by its length. None: the price is not
    known. `source` says where the price was read.
    """

    provider: str
    model: str
    since: str
    source: str = ""
    text_in: Rate = None
    text_cached: Rate = None
    text_out: Rate = None
    audio_in: Rate = None
    audio_cached: Rate = None
    audio_out: Rate = None
    image_in: Rate = None
    image_cached: Rate = None
    request: Rate = Decimal(0)
    minute: Rate = Decimal(0)
    transcribed_minute: Rate = None


@dataclass(frozen=True, slots=True)
class Cost:
    """An amount in US dollars. `unknown`: there is more, whose price is not known."""

    known: Fraction = Fraction(0)
    unknown: bool = False

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.known + other.known, self.unknown or other.unknown)

    def in_words(self) -> str:
        """The amount for a person."""
        amount = dollars(self.known)
        if not self.unknown:
            return amount
        return f"{amount} and more" if self.known else "unknown"


def dollars(amount: Fraction) -> str:
    """An amount in dollars: to the cent, or to the hundredth of a cent if it is less than a dollar."""
    places = Decimal("0.01") if abs(amount) >= 1 or not amount else Decimal("0.0001")
    return f"${(Decimal(amount.numerator) / Decimal(amount.denominator)).quantize(places)}"


class PriceTable:
    """`own` are the rows of the configuration, `shipped` those that edged brings along."""

    def __init__(self, own: Iterable[Price] = (), shipped: Iterable[Price] = ()) -> None:
        self._own, self._shipped = tuple(own), tuple(shipped)

    def of(self, provider: str, model: str, day: str = "") -> Price | None:
        """The price on a day; None if there is no row."""
        found = [rows for rows in (_of(rows, provider, model) for rows in (self._own, self._shipped)) if rows]
        begun = (_begun(rows, day) for rows in found)
        return next((row for row in begun if row is not None), found[-1][0] if found else None)

    def cost(self, counts: Counts, provider: str, model: str, day: str = "") -> Cost:
        """What these counts cost on a day."""
        if not counts:
            return Cost()
        price = self.of(provider, model, day)
        return Cost(unknown=True) if price is None else cost(counts, price)


def cost(counts: Counts, price: Price) -> Cost:
    """What these counts cost at this price."""
    c, p = counts, price
    fresh = {
        "text": c.text_in - c.text_cached,
        "audio": c.audio_in - c.audio_cached,
        "image": c.image_in - c.image_cached,
    }
    free = all(rate == 0 for rate in (p.text_in, p.text_out, p.audio_in, p.audio_out))
    parts: tuple[tuple[int, Rate, int], ...] = (
        (fresh["text"], p.text_in, _MILLION),
        (fresh["audio"], p.audio_in, _MILLION),
        (fresh["image"], p.image_in, _MILLION),
        (c.text_cached, p.text_cached, _MILLION),
        (c.audio_cached, p.audio_cached, _MILLION),
        (c.image_cached, p.image_cached, _MILLION),
        (c.text_out, p.text_out, _MILLION),
        (c.audio_out, p.audio_out, _MILLION),
        (c.other_in + c.other_out, Decimal(0) if free else None, _MILLION),
        (c.requests, p.request, 1),
        (c.connected_ms, p.minute, _MINUTE_MS),
        (c.transcribed_ms, p.transcribed_minute, _MINUTE_MS),
    )
    known, unknown = Fraction(0), c.unfinished + c.unreported > 0 and not free
    for count, rate, per in parts:
        if rate is not None:
            known += Fraction(rate) * count / per
        elif count:
            unknown = True
    return Cost(known, unknown)


def _names(model: str) -> tuple[str, ...]:
    """The names under which a model may stand in the table, the most exact one first."""
    whole = model.strip().lower()
    bare = whole.rpartition("/")[2]
    return tuple(dict.fromkeys((whole, _DATED.sub("", whole), bare, _DATED.sub("", bare))))


def _of(rows: Iterable[Price], provider: str, model: str) -> list[Price]:
    """The rows of the most exact name that has any, the earliest first."""
    of_provider = sorted((row for row in rows if row.provider == provider), key=lambda row: row.since)
    found = ([row for row in of_provider if row.model.lower() == name] for name in (*_names(model), ANY))
    return next((rows for rows in found if rows), [])


def _begun(rows: list[Price], day: str) -> Price | None:
    """The last row that has begun on this day."""
    return next((row for row in reversed(rows) if not day or row.since <= day), None)
