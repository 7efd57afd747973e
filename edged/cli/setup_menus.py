"""The menus of `edged setup`, with the package questionary."""

import os
import textwrap
from collections.abc import Sequence
from typing import Any

import questionary

from edged.cli.setup_ask import Fit, Option, width


class Menus:
    """Arrow keys, or the number of an answer."""

    is_person = True

    def __init__(self) -> None:
        # A terminal that does not say where its cursor is would be complained about.
        os.environ.setdefault("PROMPT_TOOLKIT_NO_CPR", "1")
        self._style = questionary.Style([]) if os.environ.get("NO_COLOR") else None

    def choose(self, question: str, options: Sequence[Option], flag: str, default: str = "") -> str:
        del flag
        made = [questionary.Choice(_short(option.text), option.value) for option in options]
        usual = default if any(option.value == default for option in options) else None
        asked = questionary.select(
            question,
            made,
            default=usual,
            use_shortcuts=True,
            use_jk_keys=False,
            instruction="(arrows or key, then Enter)",
            style=self._style,
        )
        keys: Any = asked.application.key_bindings  # those of the menu, which has none for Ctrl+D
        keys.add("c-d")(lambda event: event.app.exit(exception=EOFError))
        return str(asked.unsafe_ask())

    def confirm(self, question: str, flag: str, *, default: bool = True) -> bool:
        del flag
        return bool(questionary.confirm(question, default=default, style=self._style).unsafe_ask())

    def text(self, question: str, flag: str, default: str = "", fit: Fit = lambda _: "") -> str:
        del flag
        asked = questionary.text(
            question, default=default, validate=lambda given: fit(given.strip()) or True, style=self._style
        )
        return str(asked.unsafe_ask()).strip()

    def secret(self, question: str, flag: str) -> str:
        del flag
        return str(
            questionary.password(f"{question} (it is not shown):", style=self._style).unsafe_ask()
        ).strip()


def _short(text: str) -> str:
    return textwrap.shorten(text, width() - 8, placeholder=" ...")
