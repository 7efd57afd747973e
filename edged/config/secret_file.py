"""Reads a secret of the companion from the file that the configuration names, or from what systemd passes instead.

Files below /etc/edged/credentials can only be read by root; the unit of the companion passes those that it needs.
"""

from collections.abc import Mapping
from pathlib import Path

from edged.config.credential import HOME, Reader, read_text
from edged.config.document import Scalar
from edged.config.problem import Place
from edged.config.secret import Secret
from edged.config.values import UnfitError, secret
from edged.errors import ConfigError


def passed_file(path: str, env: Mapping[str, str]) -> Path:
    """Where this process finds the file at `path`."""
    file, passed = Path(path), env.get("CREDENTIALS_DIRECTORY")
    return Path(passed) / file.name if passed and file.parent == HOME else file


def secret_file(
    key: str,
    path: str,
    env: Mapping[str, str],
    read: Reader = read_text,
    origins: Mapping[str, str] | None = None,
) -> Secret | None:
    """The secret in the file at `path`, which the setting `key` names; None if no file is named.

    Raises:
        ConfigError: the file holds no secret. The problem does not repeat what it holds.
    """
    if not path:
        return None
    file = passed_file(path, env)
    place = f"{origins[key]}: " if origins and key in origins else ""
    try:
        text = read(file).strip()
    except FileNotFoundError as error:
        what = f"{path} does not exist (write the secret into it: one line, mode 0600; then start the companion again)"
        raise ConfigError([f"{place}{key}: {what}"]) from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise ConfigError([f"{place}{key}: {path} cannot be read: {why}"]) from None
    if not text or len(text.split()) > 1:
        raise ConfigError([f"{place}{key}: {path}: write the secret on one line, without spaces"])
    try:
        return secret(Scalar(text, Place(key)))
    except UnfitError as error:
        raise ConfigError([f"{place}{key}: {path}: it {error}"]) from None
