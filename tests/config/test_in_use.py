"""The configuration in use, as programs see it."""

import json

from edged.config import in_use, load
from edged.config.in_use import MOST_PAGE, fingerprint, page
from edged.config.keys import KEYS


def loaded(*sets):
    return load(None, env={}, sets=list(sets))


def whole(found):
    """All settings, page by page, and the number of pages."""
    settings, start, pages = [], 0, 0
    while start is not None:
        part = page(found.config, found.origins, start)
        assert len(json.dumps(part)) < MOST_PAGE + 5000
        settings += part["settings"]
        start, pages = part["next"], pages + 1
    return settings, pages


def test_every_key_has_its_value_and_origin():
    settings, pages = whole(loaded("speaker.volume=40"))
    assert pages == 1
    assert [each["key"] for each in settings] == [key.name for key in KEYS.values()]
    by_key = {each["key"]: each for each in settings}
    assert by_key["speaker.volume"] == {
        "key": "speaker.volume",
        "value": 40,
        "origin": "--set",
        "default": False,
    }
    assert by_key["mode"] == {"key": "mode", "value": "hold", "origin": "default", "default": True}


def test_a_secret_is_neither_shown_nor_hashed():
    texts = ["s3cr3t-value-1", "another-secret-2"]
    found = [loaded(f"provider.headers={{Authorization: Bearer {text}}}") for text in texts]
    for one, text in zip(found, texts, strict=True):
        assert text not in json.dumps(whole(one)[0])
    assert fingerprint(found[0].config) == fingerprint(found[1].config)
    assert fingerprint(found[0].config) != fingerprint(loaded().config)


def test_the_hash_is_that_of_the_values():
    one, other = loaded("speaker.volume=40", "mode=toggle"), loaded("mode=toggle", "speaker.volume=40")
    assert fingerprint(one.config) == fingerprint(other.config) != fingerprint(loaded("mode=toggle").config)
    assert page(one.config, one.origins)["hash"] == fingerprint(one.config)
    assert fingerprint(loaded().config) == fingerprint(loaded("speaker.volume=50").config)


def test_the_longest_configuration_comes_in_pages(monkeypatch):
    monkeypatch.setattr(in_use, "MOST_PAGE", 6000)
    buttons = ", ".join(
        f"{{role: talk, gpio: {pin}, instructions: '{'ä' * 16_000}'}}" for pin in (5, 6, 12, 13)
    )
    found = loaded(f"provider.instructions={'ü' * 16_000}", f"buttons=[{buttons}]")
    settings, pages = whole(found)
    assert pages > 3
    assert [each["key"] for each in settings] == [key.name for key in KEYS.values()]
    cut = [each for each in settings if each.get("cut")]
    assert {each["key"] for each in cut} == {"provider.instructions", "buttons"}
    assert all(each["value"].endswith("…") for each in cut)


def test_kiosks_that_differ_in_their_names_alone_have_one_hash():
    names = (
        "companion.name=Hall",
        "companion.site=Ulm",
        "companion.page.host=hall.local",
        "companion.mqtt.user=hall",
    )
    assert fingerprint(loaded(*names).config) == fingerprint(loaded().config)
    assert fingerprint(loaded("companion.mqtt.topic=kiosks").config) != fingerprint(loaded().config)
