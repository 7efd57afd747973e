"""Rules for the codes of languages: tags of BCP 47 (RFC 5646, section 2.1), whose first part is a code of ISO 639.

A name such as `German` fits the grammar of the RFC, but no such tag is registered: registered ones have two or three
letters.
"""

import re
from collections.abc import Iterator

from edged.config.model import Config
from edged.config.problem import Finding

_TAG = re.compile(
    r"[a-z]{2,3}(-[a-z]{3}){0,3}"  # the language, and what extends it
    r"(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"  # script, region, variants
    r"(-[a-wyz0-9](-[a-z0-9]{2,8})+)*(-x(-[a-z0-9]{1,8})+)?",  # extensions, and what is private
    re.IGNORECASE,
)


def of_languages(config: Config) -> Iterator[Finding]:
    """Languages that are no tags."""
    session = {"provider.session.language": config.provider.session.language}
    buttons = {f"buttons.{n}.language": each.language for n, each in enumerate(config.buttons, start=1)}
    for key, language in (session | buttons).items():
        if language and not _TAG.fullmatch(language):
            hint = language.replace("_", "-")
            good = (
                f"did you mean {hint}?"
                if _TAG.fullmatch(hint)
                else "write a code such as de, pt-BR or zh-Hant"
            )
            yield Finding((key,), f"is not the code of a language ({good})")
