"""Rules for the codes of languages: tags of BCP 47, by the grammar of phrases/languages.py."""

from collections.abc import Iterator

from edged.config.model import Config
from edged.config.part import names_of
from edged.config.problem import Finding
from edged.phrases.languages import is_tag


def of_languages(config: Config) -> Iterator[Finding]:
    """Languages that are no tags."""
    session = ("provider.session.language", config.provider.session.language)
    buttons = [(f"buttons.{n}.language", each.language) for n, each in enumerate(config.buttons, start=1)]
    visitor = [("visitor.languages", tag) for tag in names_of(config.visitor.languages)]
    for key, language in (session, *buttons, *visitor):
        if language and not is_tag(language):
            hint = language.replace("_", "-")
            good = f"did you mean {hint}?" if is_tag(hint) else "write a code such as de, pt-BR or zh-Hant"
            yield Finding((key,), f"is not the code of a language ({good})")
