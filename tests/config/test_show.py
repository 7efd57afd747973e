"""What is in force, as text; and the schema."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from edged.config import load, schema, secret, show
from edged.config.keys import KEYS, Kind
from edged.system import redactor
from tests.config.test_default_file import paths
from tests.effort import examples

SECRETS = [
    "provider.api_key=sk-LEAK",
    "provider.headers.authorization=Bearer LEAK",
    "provider.proxy=http://name:LEAK@proxy:3128",
    "provider.portkey.virtual_key=LEAK",
    'provider.portkey.config={"api_key": "LEAK"}',
    "provider.portkey.authorization=Bearer LEAK",
]


def texts(**kwargs):
    return st.text(
        st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\u2028\u2029"), **kwargs
    )


@examples(60)
@given(
    texts(max_size=40),
    st.lists(texts(max_size=20), max_size=4).map("\n\t".join),
    st.dictionaries(st.from_regex(r"[a-f.]{1,5}", fullmatch=True), texts(max_size=20), max_size=5),
    st.sampled_from(["pyaudio", "null", "auto"]),
    st.one_of(st.none(), st.floats(0.25, 1.5)),
    st.booleans(),
)
def test_what_is_shown_loads_again(tmp_path_factory, voice, instructions, query, backend, speed, switch):
    sets = [
        f"provider.voice={voice}",
        f"provider.instructions={instructions}",
        f"microphone.backend={backend}",
    ]
    sets += [f"provider.query.{entry}={text}" for entry, text in query.items()]
    sets += [
        f"provider.speed={'null' if speed is None else round(speed, 3)}",
        f"light.active_high={switch}".lower(),
    ]
    loaded = load(None, env={}, sets=sets)
    file = tmp_path_factory.getbasetemp() / "shown.yaml"
    file.write_text(show(loaded, origin=True), encoding="utf-8")
    assert load(file, env={}).config == loaded.config


def test_every_key_is_shown_once():
    assert set(paths(yaml.safe_load(show(load(None, env={}))))) == set(KEYS)


def test_the_origin_stands_beside_each_value():
    lines = show(load(None, env={"EDGED_MODE": "toggle"}), origin=True).splitlines()
    assert [line.split() for line in lines if line.startswith("mode")] == [
        ["mode:", "toggle", "#", "EDGED_MODE"]
    ]
    assert sum("#" in line for line in lines) == len(KEYS)


def test_without_asking_no_origin_is_shown():
    assert "#" not in show(load(None, env={}))


def test_secrets_are_masked_in_every_form():
    loaded = load(None, env={}, sets=SECRETS)
    for origin in (True, False):
        for as_json in (True, False):
            text = show(loaded, origin=origin, as_json=as_json)
            assert "LEAK" not in text
            assert text.count("********") == len(SECRETS)


def test_json_has_the_values_the_warnings_and_when_asked_the_origins():
    loaded = load(None, env={}, sets=SECRETS)
    shown = json.loads(show(loaded, as_json=True))
    assert shown["config"]["provider"]["headers"] == {"authorization": "********"}
    assert shown["config"]["turn"]["longest_s"] == 60
    assert shown["warnings"] == list(loaded.warnings) != []
    assert "origins" not in shown
    assert json.loads(show(loaded, origin=True, as_json=True))["origins"]["mode"] == "default"


def properties():
    made = schema()
    sections = made["$defs"]
    for path in KEYS:
        at = {"$ref": "/Config"}
        for step in path:
            at = sections[at["$ref"].rpartition("/")[2]]["properties"][step]
        yield path, at


def test_the_schema_describes_every_key_with_its_class():
    for path, found in properties():
        assert found["description"], path
        assert found["x-edged-class"] == KEYS[path].apply


def test_the_schema_has_the_bounds_that_the_loader_has():
    for path, found in properties():
        key = KEYS[path]
        if key.kind in {Kind.WHOLE, Kind.NUMBER}:
            number = found["anyOf"][0] if key.optional else found
            assert (number["minimum"], number["maximum"]) == (key.low, key.high)
        elif key.kind is Kind.CHOICE:
            assert set(found["enum"]) == {*key.choices, *((True, False) if key.switch else ())}
        elif key.kind is Kind.TEXT:
            assert found["maxLength"] == key.high


def test_the_schema_wants_a_version_and_knows_no_other_keys():
    made = schema()
    assert made["$defs"]["Config"]["required"] == ["version"]
    assert all(part["additionalProperties"] is False for part in made["$defs"].values())
    json.dumps(made)


SECRET_ENTRIES = [
    "provider.headers.X-Short=abc",
    "provider.headers.Cookie=a",
    "provider.query.Auth-Code=abc",
    "provider.query.my_token_id=abc",
    "provider.portkey.metadata.client_secret=abc",
]


@pytest.mark.parametrize("entry", SECRET_ENTRIES)
def test_what_is_secret_by_its_name_is_masked_however_short(entry):
    loaded = load(None, env={}, sets=[entry])
    name = entry.partition("=")[0].rpartition(".")[2]
    for as_json in (True, False):
        lines = [line for line in show(loaded, as_json=as_json).splitlines() if name in line]
        assert [line.partition(":")[2].strip(' ",') for line in lines] == ["********"]


def test_copies_of_a_secret_are_masked_in_all_other_texts_and_names():
    sets = [
        "provider.headers.authorization=Bearer sk-LEAK-1",
        "provider.query.x_auth=LEAK-two",
        "provider.proxy=http://name:LEAK-3@proxy:3128",
        "provider.instructions=Say sk-LEAK-1, SK-leak-1, LEAK-two and LEAK-3.",
        "provider.query.sk-LEAK-1=x",
        "provider.portkey.custom_host=http://me:pass-LEAK@host?api_key=LEAK&n=1",
        "microphone.device=sk-LEAK-1",
    ]
    loaded = load(None, env={}, sets=sets)
    for as_json in (True, False):
        text = show(loaded, origin=True, as_json=as_json)
        assert "leak" not in text.lower()
        assert "n=1" in text


def test_both_rooms_agree_on_what_is_secret_by_its_name():
    names = [
        "x-api-key",
        "API_KEY",
        "Token",
        "client_secret",
        "Authorization",
        "x-auth",
        "PassWord",
        "passwd",
        "Cookie",
    ]
    assert all(secret.is_secret(name) and redactor.is_secret(name) for name in names)
    names = ["api-version", "x-portkey-provider", "model", "site"]
    assert not any(secret.is_secret(name) or redactor.is_secret(name) for name in names)
    assert secret._NAME.pattern == redactor._SECRET_NAME.pattern
