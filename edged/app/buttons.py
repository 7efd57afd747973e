"""The buttons of a kiosk: what each one means, and how its contact becomes gestures.

The first one is the talk button (`button`); the others are in the list `buttons`. Each is a device of its own: one that
fails takes nothing from the others.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence

from edged.app.contact_watch import ContactWatch
from edged.config import Config
from edged.config.panel import ButtonConfig, ContactConfig, FurtherButtonConfig
from edged.contact_kinds import bounce_ms
from edged.panel.bindings import Bindings, Meaning, Meanings
from edged.panel.driver import ButtonDriver
from edged.panel.gestures import Gesture, GestureTimes, Grammar
from edged.panel.ports import Contact

_REPEATED = ("volume_up", "volume_down")


class KioskButton:
    """One button. `name` is its key in the configuration."""

    def __init__(
        self,
        name: str,
        config: ContactConfig,
        bindings: Bindings,
        held: Callable[[str, str | None], None],
        *,
        repeats: bool = False,
    ) -> None:
        """`repeats`: a press that lasts counts again and again."""
        self.name = name
        self.watch = ContactWatch(name, config, lambda cause: held(name, cause))
        self.grammar = Grammar(repeats=repeats)
        self.meanings = Meanings(bindings)
        self.configure(config, bindings)

    def configure(self, config: ContactConfig, bindings: Bindings) -> None:
        """Use these from the next press on."""
        # a talk button that waits is a receiver: it has to stay lifted
        waits, self.grammar.has_to_last = bindings.waits or not bindings.talks, bindings.waits
        self.grammar.meant_after_ms = bounce_ms(config.kind, config.bounce_ms) + 5 if waits else None
        self.meanings.bind(bindings)


class Buttons:
    """All buttons of one kiosk, in order. `mean` and `held` are called on the loop."""

    def __init__(
        self,
        config: Config,
        mean: Callable[[KioskButton, Meaning], None],
        held: Callable[[str, str | None], None],
        now_ms: Callable[[], int],
    ) -> None:
        """`held(name, cause)`: nobody can press this button; None: it can be pressed again."""
        self._mean, self._now_ms, self._loop = mean, now_ms, asyncio.get_running_loop()
        self.talk = KioskButton("button", config.button, _of_gestures(config.button), held)
        self._others = [
            KioskButton(f"buttons.{n}", each, _of_role(each), held, repeats=each.role in _REPEATED)
            for n, each in enumerate(config.buttons, start=1)
        ]
        self.configure(config)

    def __iter__(self) -> Iterator[KioskButton]:
        return iter((self.talk, *self._others))

    def configure(self, config: Config) -> None:
        """Use these times and actions from the next press on. The list of buttons needs a restart."""
        button = config.button
        for each in self:
            each.grammar.times = GestureTimes(button.tap_ms, button.long_press_ms, button.very_long_press_ms)
        self.talk.watch.configure(button, is_handset=config.mode == "handset")
        self.talk.configure(button, _of_gestures(button))

    def driver(self, button: KioskButton, contacts: Sequence[Contact]) -> ButtonDriver:
        """What opens and closes the contact of a button. `contacts` are those of all buttons, in order."""
        return ButtonDriver(
            contacts[list(self).index(button)],
            button.watch.debouncer,
            button.grammar,
            self._emit(button),
            self._loop,
            self._now_ms,
            button.watch.looked,
        )

    def _emit(self, button: KioskButton) -> Callable[[Gesture], None]:
        def emit(gesture: Gesture) -> None:
            for meaning in button.meanings.of(gesture):
                self._mean(button, meaning)

        return emit


def _of_gestures(button: ButtonConfig) -> Bindings:
    """What the gestures of the talk button do besides speaking."""
    actions = (button.long_press, button.very_long_press, button.double_press)
    long_press, very_long_press, double_press = ("" if action == "none" else action for action in actions)
    return Bindings(
        waits=button.kind == "hook",
        long_press=long_press,
        very_long_press=very_long_press,
        double_press=double_press,
    )


def _of_role(button: FurtherButtonConfig) -> Bindings:
    """What a further button does. A shutdown needs a long press, because nobody undoes it at the kiosk."""
    match button.role:
        case "talk":
            return Bindings(waits=button.kind == "hook")
        case "shutdown":
            return Bindings(talks=False, long_press=button.role)
        case role:
            return Bindings(talks=False, press=role)
