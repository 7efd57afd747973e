"""The keys of what a visitor hears when something is in the way, and of the time that visitors have.

The classes of a key, its bounds and its description are as in model.py.
"""

from typing import Annotated, Literal

from msgspec import field

from edged.config.part import ConfigPart, Names, between, described
from edged.phrases.library import FOLDER


class VisitorConfig(ConfigPart, frozen=True, kw_only=True):
    """What the kiosk tells visitors, in which language, and how much time it gives them."""

    languages: Annotated[
        Names,
        described(
            "live",
            "Language of the phrases, such as de, or a list of languages; the first one is the usual one.",
        ),
    ] = "en"
    voice: Annotated[
        Literal["tone", "phrase", "both"],
        described(
            "live", "What tells a visitor that something is in the way; `both`: a tone, then a phrase."
        ),
    ] = "both"
    causes: Annotated[
        dict[str, str],
        described("live", "The same for single causes, such as {busy: tone} (docs/phrases.md)."),
    ] = field(default_factory=dict)
    phrases_dir: Annotated[
        str,
        described(
            "live",
            "Folder with phrases of your own: LANGUAGE/PHRASE.wav (docs/voice.md); empty: none.",
            max_length=1000,
        ),
    ] = FOLDER
    more_time: Annotated[
        int,
        between(1, 10, "10 is what guidelines for accessibility ask for; no limit becomes longer than 600 s"),
        described(
            "reopen",
            "How many times as long the limits for visitors are: longest_s, idle_s, follow_up_s and forget_after_s.",
        ),
    ] = 1
