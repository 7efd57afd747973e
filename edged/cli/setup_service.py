"""The step of `edged setup` that chooses the service and its key, and tries both at once."""

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from edged.causes import CAUSES, Retry
from edged.cli.setup_ask import Asker, Option, say
from edged.cli.status import printable
from edged.config import Config, Secret, Value, check_key, read_text, resolve_key
from edged.dial.providers import PROVIDERS
from edged.errors import ConfigError, LinkError, UsageError

KEY_FILE = "api-key"
KEEP = "keep"
NAMES = {
    "local": "the embedded service: no key, no understanding; it says how long it listened",
    "openai": "OpenAI",
    "azure": "Azure OpenAI",
    "azure-voice-live": "Azure Voice Live",
    "portkey": "Portkey",
    "a15t": "A15T",
    "xai": "xAI (Grok)",
    "qwen": "Qwen (Alibaba Cloud)",
    "inworld": "Inworld",
    "cloudflare": "OpenAI through Cloudflare's AI Gateway",
    "litellm": "LiteLLM",
    "localai": "LocalAI",
    "speaches": "speaches",
    "speech-to-speech": "speech-to-speech",
    "custom": "another service that speaks this protocol",
}


@dataclass(slots=True)
class Chosen:
    """The service; `key` is a new key, or None. `trial` says how the attempt ended; empty: there was none."""

    settings: dict[str, Value]
    key: Secret | None = None
    refused: str = ""
    """Why the service refuses it; empty: it does not, or it could not be asked."""


class ServiceStep:
    """Asks, and tries. `with_settings` makes the configuration with some settings more."""

    def __init__(
        self,
        with_settings: Callable[[dict[str, Value]], Config],
        key_file: Path,
        asker: Asker,
        *,
        tries: bool,
    ) -> None:
        """`key_file`: where the key will be. `tries`: the service is asked."""
        self._with, self._key_file, self._asker, self._tries = with_settings, key_file, asker, tries

    def by_flags(
        self, provider: str, url: str, model: str, key_file: str, given: Collection[str] = ()
    ) -> Chosen:
        """What the options of the command line say; `given`: settings from other options.

        Another service gets neither the address nor the key of the present one. Raises UsageError, ConfigError.
        """
        settings: dict[str, Value] = {}
        if provider:
            if provider not in PROVIDERS:
                raise UsageError(f"--provider {provider}: known are {', '.join(PROVIDERS)}")
            settings["provider.name"] = provider
            settings |= self._without_former(provider, key_file, given)
        settings |= {f"provider.{name}": text for name, text in (("url", url), ("model", model)) if text}
        key = None
        if key_file:
            path = Path(key_file)
            if problems := check_key(path):
                raise UsageError("; ".join(problems))
            key = Secret(read_text(path).strip().removeprefix("\ufeff"))
            settings["provider.api_key_file"] = str(self._key_file)
        config = self._with(settings)
        present = key or self.present_key(config)
        if PROVIDERS[config.provider.name].needs_key and not present and not _has_token(config):
            raise UsageError(f"{config.provider.name} needs a key: add --key-file FILE")
        return self._tried(Chosen(settings, key), present)

    def _without_former(self, provider: str, key_file: str, given: Collection[str]) -> "dict[str, Value]":
        """What another service must not take over from the present one. Raises UsageError."""
        present = self._with({}).provider
        if provider == present.name:
            return {}
        has_key = key_file or any(name.startswith(("provider.api_key", "provider.azure.")) for name in given)
        if PROVIDERS[provider].needs_key and present.name != "local" and not has_key:
            raise UsageError(f"{provider} must not get the key for {present.name}: add --key-file FILE")
        former = {"provider.url": present.url, "provider.model": present.model}
        return {name: "" for name, value in former.items() if value and name not in given}

    def ask(self) -> Chosen | None:
        """What the person wants; None: the present service stays."""
        present = self._with({}).provider.name
        options = [Option(name, f"{name}: {text}") for name, text in NAMES.items()]
        name = self._asker.choose("Which speech service?", options, "--provider NAME", present)
        typed: dict[str, Value] = {}
        while True:
            found = self._asked(name, typed)
            typed = found.settings
            key = found.key or self.present_key(self._with(found.settings))
            found = self._tried(found, key)
            if not found.refused:
                return found
            again = (
                Option("again", "Enter the key and the address again"),
                Option("other", "Choose another service"),
                Option("later", "Leave it as it is for now"),
            )
            match self._asker.choose("What now?", again, "--key-file FILE", "again"):
                case "later":
                    return found
                case "other":
                    name = self._asker.choose("Which speech service?", options, "--provider NAME", name)
                case _:
                    pass

    def _asked(self, name: str, typed: dict[str, Value]) -> Chosen:
        """`typed`: what was typed before, for the same service or another one."""
        row = PROVIDERS[name]
        before = self._with(typed if typed.get("provider.name") == name else {}).provider
        settings: dict[str, Value] = {"provider.name": name}
        of_this = before.name == name
        settings["provider.url"] = before.url if of_this else ""
        settings["provider.model"] = before.model if of_this else ""
        if not row.url:
            settings["provider.url"] = self._asker.text(
                "Address of the service (wss://...)", "--url URL", before.url if of_this else "", _fit_url
            )
        if row.needs_model or name == "azure":
            what = "Name of the deployment" if name == "azure" else "Model"
            settings["provider.model"] = self._asker.text(
                what,
                "--model NAME",
                before.model if of_this else "",
                lambda given: "" if given else "Type a name.",
            )
        if not row.needs_key and name == "local":
            return Chosen(settings)
        kept = self.present_key(self._with(settings)) is not None
        hint = "API key; empty: keep the present one" if kept else "API key"
        if not row.needs_key and not kept:
            hint = "API key; empty: none"
        while True:
            given = self._asker.secret(hint, "--key-file FILE")
            if not given and (kept or not row.needs_key):
                return Chosen(settings)
            if not (wrong := _fit_key(given)):
                return Chosen({**settings, "provider.api_key_file": str(self._key_file)}, Secret(given))
            say(wrong)

    def present_key(self, config: Config) -> Secret | None:
        """The key that is in force, as far as this user may read it."""
        try:
            found = resolve_key(config, os.environ)
        except ConfigError:
            return None
        if found is None and self._key_file.is_file() and not check_key(self._key_file):
            found = Secret(read_text(self._key_file).strip().removeprefix("\ufeff"))
        return found

    def _tried(self, chosen: Chosen, key: Secret | None) -> Chosen:
        """Ask the service once, as the daemon does."""
        config = self._with(chosen.settings)
        name = config.provider.name
        if not self._tries or (name == "local" and not config.provider.url):
            return chosen
        from edged.app.key_trial import try_service

        try:
            took_s = try_service(config, key)
        except ConfigError as error:
            chosen.refused = str(error)
            say(printable(f"This cannot work yet: {'; '.join(error.problems)}"))
        except LinkError as error:
            row = CAUSES[error.cause]
            said = printable(f"{error.cause}: {error}. {row.remedy}")
            if row.retry is Retry.REFUSED:
                chosen.refused = said
                say(f"{name} refuses it: {said}")
            else:
                say(f"{name} could not be asked: {said} edged will keep trying.")
        else:
            say(f"{name} accepts it: a session was open after {took_s:.1f} s.")
        return chosen


@contextmanager
def key_saved(path: Path, key: Secret) -> Iterator[None]:
    """Write the key where only root, or its owner, can read it. If the block fails, the key before it is back.

    Raises OSError.
    """
    from edged.files import opened, replaced

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    before = None
    with suppress(FileNotFoundError), opened(path) as file:
        before = file.read()
    replaced(path, f"{key.reveal()}\n".encode())
    path.chmod(0o600)
    try:
        yield
    except OSError:
        with suppress(OSError):
            path.unlink() if before is None else replaced(path, before)
        raise


def _has_token(config: Config) -> bool:
    return bool(config.provider.azure.token_file)


def _fit_url(given: str) -> str:
    return (
        "" if given.startswith(("wss://", "ws://")) else "It begins with wss:// (or ws:// on this machine)."
    )


def _fit_key(given: str) -> str:
    """What is wrong with a key that was typed; the words do not repeat it."""
    import tempfile

    if not given:
        return "The key is empty."
    with tempfile.NamedTemporaryFile("w", prefix="edged-key-", encoding="utf-8") as file:  # mode 0600
        file.write(given)
        file.flush()
        problems = check_key(Path(file.name))
        return "; ".join(problems).replace(f"{file.name} ", "It ")
