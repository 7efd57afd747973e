import pytest

from edged.phrases.languages import is_tag, plain, spoken_as

THERE = ("en", "de", "pt-br", "it")


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("DE_ch", "de"),
        ("en-GB-oxendict", "en"),
        ("pt-BR", "pt-br"),
        ("pt", None),
        ("pt-PT", None),
        ("nl", None),
        ("", None),
        ("d", None),
    ],
)
def test_a_tag_is_spoken_in_the_language_of_its_longest_beginning(tag, language):
    assert spoken_as(tag, THERE) == language


def test_tags_are_told_from_other_words():
    assert all(map(is_tag, ("en", "de-AT", "zh-Hant-TW", "fil", "de-x-a", "sl-rozaj-1994")))
    assert not any(
        map(is_tag, ("", "english", "e", "../en", "en/", "en-", "1", "pt_BR", "en\n", " en", "\u212ao"))
    )
    assert is_tag(plain("pt_BR"))
