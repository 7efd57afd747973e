"""The session that each talk button wants: its own language, instructions and voice. Pure.

A session cannot change its voice once it has spoken, and another language usually means another visitor. So another
profile means another session, which knows nothing of the conversation before (link/link.py).
"""

from dataclasses import replace

from edged.app.settings import session_settings, turn_mode
from edged.config import Config
from edged.config.panel import FurtherButtonConfig
from edged.wire import Settings


class Profiles:
    """The settings of the sessions for each button, by the button's name in the configuration."""

    def __init__(self, config: Config) -> None:
        self.default = session_settings(config, turn_mode(config))
        """For the talk button, for programs, and for every button without a profile."""
        self._others = {
            f"buttons.{number}": _of(self.default, button)
            for number, button in enumerate(config.buttons, start=1)
            if button.language or button.instructions or button.voice
        }

    def of(self, name: str) -> Settings:
        """Return the settings for this button."""
        return self._others.get(name, self.default)


def _of(default: Settings, button: FurtherButtonConfig) -> Settings:
    instructions, transcription = button.instructions or default.instructions, default.transcription
    if button.language:
        instructions += f"\n\nSpeak the language with the code {button.language}."
        if isinstance(transcription, dict):
            transcription = {**transcription, "language": button.language}
    return replace(
        default,
        instructions=instructions,
        voice=button.voice or default.voice,
        transcription=transcription,
    )
