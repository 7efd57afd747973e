"""Finds the key of the service. Its text leaves this module only inside a Secret."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from edged.config.document import Scalar
from edged.config.model import Config
from edged.config.problem import Place
from edged.config.rules import IN_CLEAR, in_clear
from edged.config.secret import Secret
from edged.config.values import UnfitError, secret
from edged.errors import ConfigError
from edged.files import beginning

CREDENTIAL = "api-key"
# Only root can read it; systemd passes its files to the service at the start.
HOME = Path("/etc/edged/credentials")
_MOST_BYTES = 8192
# A line of a shell, of YAML or of a header in place of the key. The `=` of Base64 is at the end of a key.
_NAMED = re.compile(
    r"(?:export\s+)?(?:[A-Z][A-Z0-9_]*|[\w-]*(?i:key|token|secret|auth|pass)[\w-]*)\s*(?:=(?=[^=])|:\s)|(?i:bearer)\s"
)
# What a page has in place of a key: PUT-YOUR-KEY-HERE, <your-api-key>, your_openai_api_key. A key has digits.
_EXAMPLE = re.compile(r"(?i)(?=\S*(?:your|insert|put|paste|my))(?=\S*key)[a-z_.<>{}\[\]-]+")
_MARKS = "\"'`\u2018\u2019\u201c\u201d\u00ab\u00bb"
_NO_TEXT = "does not contain text in UTF-8 (write the key into it, on one line, with an editor such as nano)"

Reader = Callable[[Path], str]


def read_text(path: Path) -> str:
    """The beginning of a small file. Raises OSError, or ValueError if it is not text."""
    return beginning(path, _MOST_BYTES).decode()


def resolve_key(
    config: Config,
    env: Mapping[str, str],
    read: Reader = read_text,
    origins: Mapping[str, str] | None = None,
) -> Secret | None:
    """The key: from api_key_file, else from systemd's credential, else from api_key_env, else from api_key.

    None if none of them is set, which is right for a service that needs no key. With `origins` (of Loaded) a
    problem says where its setting was written.

    Raises:
        ConfigError: the place that was named holds no key, or the key would cross the network unencrypted.
    """
    provider = config.provider
    where = origins or {}
    credentials = env.get("CREDENTIALS_DIRECTORY")
    found = None
    if provider.api_key_file:
        found = _from_file(
            Path(provider.api_key_file), Path(credentials) if credentials else None, read, where
        )
    elif credentials and (found := _from_systemd(Path(credentials), CREDENTIAL, read)):
        pass
    elif provider.api_key_env:
        found = _from_variable(provider.api_key_env, env, where)
    elif provider.api_key:
        found = _fit("provider.api_key", provider.api_key.reveal(), "", where)
    if found and in_clear(provider.url):
        raise _error("provider.url", IN_CLEAR, where)
    return found


def _from_file(path: Path, credentials: Path | None, read: Reader, where: Mapping[str, str]) -> Secret:
    key = "provider.api_key_file"
    passed = credentials if path.parent == HOME else None
    if passed and (found := _from_systemd(passed, path.name, read)):
        return found
    try:
        text = read(path)
    except FileNotFoundError as error:
        what = f"{path} does not exist (write the key into it: one line, mode 0600)"
        raise _error(key, what, where) from error
    except PermissionError as error:
        what = (
            f"this user may not read {path} (run as root: chown edged {path}; or run edged as the user edged)"
        )
        if path.parent == HOME:
            what = (
                f"only root may read {path} (use sudo; the service gets the file from systemd when it starts)"
            )
        if passed:
            what = f"{path} was not there when edged started (write the key into it, and restart edged)"
        raise _error(key, what, where) from error
    except OSError as error:
        raise _error(
            key, f"{path} cannot be read: {error.strerror or 'the disk has a fault'}", where
        ) from error
    except ValueError:
        raise _error(key, f"{path} {_NO_TEXT}", where) from None
    return _fit(key, text, f"{path} ", where)


def _from_systemd(folder: Path, name: str, read: Reader) -> Secret | None:
    """The key under a name that the unit gives it: `name` if encrypted, `edged_name` from /etc/edged/credentials."""
    for path in (folder / name, folder / f"edged_{name}"):
        try:
            text = read(path)
        except FileNotFoundError:
            continue
        except (OSError, ValueError):
            raise ConfigError([f"{path}: cannot be read (check LoadCredential= in the unit)"]) from None
        return _fit("", text, f"{path} ", {})
    return None  # the unit loads only other credentials


def _from_variable(variable: str, env: Mapping[str, str], where: Mapping[str, str]) -> Secret:
    key = "provider.api_key_env"
    if variable not in env:
        raise _error(
            key, f"the variable {variable} is not set (export {variable}=…, or use api_key_file)", where
        )
    return _fit(key, env[variable], f"the variable {variable} ", where)


def check_key(path: Path) -> list[str]:
    """The problems of a file with a key, before anything uses it. Like all problems, they do not show the key."""
    try:
        _fit("", read_text(path), f"{path} ", {})
    except OSError as error:
        return [f"{path} cannot be read: {error.strerror or 'the disk has a fault'}"]
    except ValueError:
        return [f"{path} {_NO_TEXT}"]
    except ConfigError as error:
        return error.problems
    return []


def _fit(key: str, text: str, what: str, where: Mapping[str, str]) -> Secret:
    stripped = text.strip().removeprefix(
        "\ufeff"
    )  # editors and echo end a file with a newline; some begin it with a mark
    if not stripped:
        raise _error(key, f"{what}is empty (write the key into it)", where)
    if _NAMED.match(stripped):
        raise _error(key, f"{what}begins with a name or a word before the key (write the key alone)", where)
    if stripped[0] in _MARKS or stripped[-1] in _MARKS:
        raise _error(key, f"{what}has the key in quotation marks (write it without them)", where)
    if _EXAMPLE.fullmatch(stripped):
        raise _error(key, f"{what}has an example in place of the key (write your own key into it)", where)
    if len(stripped.split()) > 1:
        raise _error(key, f"{what}contains more than a key (write one line, without spaces)", where)
    try:
        return secret(Scalar(stripped, Place(key)))
    except UnfitError as error:
        raise _error(key, f"{what}contains no key: it {error}", where) from None


def _error(key: str, what: str, where: Mapping[str, str]) -> ConfigError:
    place = f"{where[key]}: " if key in where else ""
    return ConfigError([f"{place}{key}: {what}" if key else what])
