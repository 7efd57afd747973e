"""Removes from a text what must not reach a stranger: secrets, and what names one machine, its network or its people.

Pure. It is stricter than the redactor, which keeps a journal readable for its owner: here, what looks like a secret is
masked, too.

Rules:
1. Known secrets become asterisks, in every encoding that the redactor knows. So do the forms that keys have, whatever
   they belong to, the values in the query of an address, and any long word of letters and digits.
2. Names of this machine, serial numbers and addresses become words in angle brackets, which say what was there. This
   machine's own loopback addresses stay.
3. Versions, dates, the names of models, sound cards and units, and the services' public addresses stay: without them
   nobody can help.
"""

import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Any

from edged.system.redactor import LEAST, MASK, MOST, Redactor

LEAST_SHORT = 4  # characters of a secret that is masked where it is a word of its own
_KEYS = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:sk|pk|rk|ek|sess|xai|gsk|hf|glpat|pat)[-_][A-Za-z0-9_\-]{6,}"
    r"|gh[opsur]_[A-Za-z0-9]{8,}|github_pat_\w{8,}|AIza[\w-]{8,}|A[KS]IA[A-Z0-9]{8,}"
    r"|eyJ[\w-]{4,}\.[\w-]+(?:\.[\w-]*)?"
    r")"
)
_BEARER = re.compile(r"(?i)\b(bearer|basic|digest)(\s+)[A-Za-z0-9._~+/=\-]{4,}")
_PEM = re.compile(r"-----BEGIN [^-]+-----.*?(?:-----END [^-]+-----|\Z)", re.DOTALL)
_USER = re.compile(r"(?i)(\b[a-z][a-z0-9+.-]{1,20}://)[^\s/?#\"'@]+@")
_QUERY = re.compile(r"(?i)((?:://\S*?|\s/\S*?)[?&;])((?:[\w.%~-]+=[^&;#\s\"']*[&;]?)+)")
_PARAMETER = re.compile(r"([\w.%~-]+)=([^&;#\s\"']*)")
_PLAIN = frozenset({"model", "api-version", "deployment", "intent"})
"""Parameters whose values name no one."""
_LONG = re.compile(r"[A-Za-z0-9_\-+]{20,}={0,2}")
_DATE = re.compile(r"20\d\d-?\d\d-?\d\d")
_FEW = 3  # digits and letters; a long word with fewer of either is a name
_MAC = re.compile(r"(?i)(?<![\w:-])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![\w:-])")
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d)")
_IPV6 = re.compile(r"(?i)(?<![\w:.])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:%\w+)?(?![\w:])")
_HOME = re.compile(r"(?<![\w.])(/home/|/Users/)([^/\s:'\"]+)")
_USB = re.compile(r"(?i)\b(usb:[0-9a-f]{4}:[0-9a-f]{4}:)[^\s,\]'\"]+")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_UNIT = re.compile(r"\.(?:service|socket|timer|path|target|mount|slice|scope|device)$")


class Anonymiser:
    """`secrets`: those that are known. `names`: words of this machine, each with what is shown in its place."""

    def __init__(self, secrets: Iterable[str], names: Mapping[str, str]) -> None:
        known = {each for each in secrets if each}
        long = sorted(text for text in known if len(text) >= LEAST)
        # A redactor keeps a limited number, and here all of them count.
        self._redactors = [Redactor() for _ in range(0, len(long) + 1, MOST)]
        for at, each in enumerate(long):
            self._redactors[at // MOST].add([each])
        self._short = _words(text for text in known if LEAST_SHORT <= len(text) < LEAST)
        self._names = {name.lower(): shown for name, shown in names.items() if name}
        self._named = _words(self._names)

    def text(self, text: str) -> str:
        """The text without secrets and without names."""
        for redactor in self._redactors:
            text = redactor.redacted(text)
        if self._short is not None:
            text = self._short.sub(MASK, text)
        if self._named is not None:
            text = self._named.sub(lambda found: self._names[found[0].lower()], text)
        text = _PEM.sub(MASK, text)
        text = _BEARER.sub(rf"\1\2{MASK}", text)
        text = _KEYS.sub(MASK, text)
        text = _USER.sub(rf"\1{MASK}@", text)
        text = _QUERY.sub(lambda found: found[1] + _PARAMETER.sub(_parameter, found[2]), text)
        text = _USB.sub(r"\1<serial>", text)
        text = _MAC.sub("<mac>", text)
        text = _IPV4.sub(_address, text)
        text = _IPV6.sub(_address, text)
        text = _HOME.sub(r"\1<user>", text)
        text = _MAIL.sub(lambda found: found[0] if _UNIT.search(found[0]) else "<mail>", text)
        return _LONG.sub(_long, text)

    def value(self, value: Any) -> Any:
        """The same for each text in a JSON value, and for its names. A name alone does not make a value secret."""
        match value:
            case str():
                return self.text(value)
            case Mapping():
                return {self.text(str(name)): self.value(each) for name, each in value.items()}
            case list() | tuple():
                return [self.value(each) for each in value]
            case _:
                return value


def _words(texts: Iterable[str]) -> re.Pattern[str] | None:
    """A pattern that finds these texts where they are words of their own, in upper and lower case."""
    found = sorted(map(re.escape, texts), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(found)})(?!\w)", re.IGNORECASE) if found else None


def _parameter(found: re.Match[str]) -> str:
    return found[0] if found[1].lower() in _PLAIN else f"{found[1]}={MASK}"


def _address(found: re.Match[str]) -> str:
    try:
        address = ip_address(found[0].partition("%")[0])
    except ValueError:
        return found[0]
    return found[0] if address.is_loopback or address.is_unspecified else "<address>"


def _long(found: re.Match[str]) -> str:
    """A long word of letters and digits may be a key; a name with a date or a few digits is none."""
    rest = _DATE.sub("", found[0])
    digits = sum(each.isdigit() for each in rest)
    letters = sum(each.isalpha() for each in rest)
    return MASK if digits >= _FEW and letters >= _FEW else found[0]
