"""The endpoint of the configured service."""

import pytest

from edged.app import service as service_module
from edged.app.service import planned, service
from edged.config import Secret, load
from edged.errors import ConfigError, LinkError
from edged.system.redactor import Redactor

AZURE = ["provider.name=azure", "provider.url=wss://res.openai.azure.com", "provider.model=d"]


def config(*sets):
    return load(None, env={}, sets=sets).config


@pytest.fixture
def token(tmp_path):
    return tmp_path / "token"


def by_token(token):
    return config(*AZURE, f"provider.azure.token_file={token}")


def test_a_token_is_read_anew_for_each_connection(token):
    with_token = by_token(token)
    for text in ("eyJ.first\n", "eyJ.second"):
        token.write_text(text)
        assert service(with_token, None).headers == {"Authorization": f"Bearer {text.strip()}"}


@pytest.mark.parametrize("text", [None, b"", b"\n", b"two words", b"\xff\xfe", b"\x1b[2J"])
def test_without_a_token_the_key_counts_as_refused_and_another_attempt_is_made(token, text):
    if text is not None:
        token.write_bytes(text)
    with pytest.raises(LinkError, match=r"provider\.azure\.token_file") as caught:
        service(by_token(token), None)
    assert caught.value.cause == "key_refused"
    assert "two words" not in str(caught.value)


def test_a_plan_needs_no_token_yet_but_all_else(token):
    assert planned(by_token(token), None).host == "res.openai.azure.com"
    with pytest.raises(ConfigError, match="needs a key"):
        planned(config(*AZURE), None)


def test_a_token_is_for_azure_alone(token):
    other = config("provider.name=openai", f"provider.azure.token_file={token}")
    assert service(other, Secret("k")).headers == {"Authorization": "Bearer k"}


def test_all_that_portkey_is_told_goes_out():
    configured = config(
        "provider.name=portkey",
        "provider.dialect=ga",
        "provider.portkey.virtual_key=v",
        "provider.portkey.provider=@team",
        "provider.portkey.config=pc-1",
        "provider.portkey.custom_host=https://h",
        "provider.portkey.trace_id=t",
        "provider.portkey.metadata.site=lobby",
        "provider.portkey.authorization=Bearer theirs",
    )
    assert service(configured, Secret("k")).headers == {
        "x-portkey-api-key": "k",
        "x-portkey-virtual-key": "v",
        "x-portkey-provider": "@team",
        "x-portkey-config": "pc-1",
        "x-portkey-custom-host": "https://h",
        "x-portkey-trace-id": "t",
        "x-portkey-metadata": '{"site": "lobby"}',
        "Authorization": "Bearer theirs",
    }


def test_the_version_the_proxy_and_the_authorities_go_along():
    found = service(
        config(
            *AZURE,
            "provider.azure.api_version=2024-10-01-preview",
            "provider.proxy=http://proxy:3128",
            "provider.ca_file=/etc/edged/ca.pem",
        ),
        Secret("k"),
    )
    assert found.url.endswith("/openai/realtime?api-version=2024-10-01-preview&deployment=d")
    assert (found.proxy, found.ca_file) == ("http://proxy:3128", "/etc/edged/ca.pem")


@pytest.mark.parametrize(
    ("sets", "secret"),
    [
        (["provider.headers.X-Key=abc123"], "abc123"),
        (["provider.headers.authorization=Token abc123"], "abc123"),
        (["provider.headers.cookie=session=abc123; other=x"], "abc123"),
        (["provider.headers.x-gateway=Basic a-long-text-of-a-key"], "a-long-text-of-a-key"),
        (["provider.query.my_auth=abc123"], "abc123"),
        (["provider.portkey.metadata.token_of=abc123"], "abc123"),
        (["provider.portkey.custom_host=http://me:abc123@host"], "abc123"),
        (["provider.portkey.custom_host=http://host/?api_key=abc123"], "abc123"),
        (['provider.portkey.config={"targets": [{"api_key": "abc123"}]}'], "abc123"),
        (["provider.proxy=http://me:abc%20123@host:1"], "abc 123"),
        (["provider.api_key=abc123"], "abc123"),
    ],
)
def test_every_secret_of_the_configuration_is_redacted(monkeypatch, sets, secret):
    redactor = Redactor()
    monkeypatch.setattr(service_module, "REDACTOR", redactor)
    config = load(None, env={}, sets=["provider.name=custom", "provider.url=ws://127.0.0.1/", *sets]).config
    planned(config, None)
    assert redactor.redacted(f"it said {secret}.") == "it said ********."


@pytest.mark.parametrize(
    "entry",
    [
        "headers.x-portkey-provider=openai",
        "query.api-version=2024-10-01",
        "headers.x-site=lobby-12345",
        "headers.x-auth-type=bearer",
        "headers.x-auth-provider=openai",
        "query.auth=OAuth2",
    ],
)
def test_what_only_names_something_is_not(monkeypatch, entry):
    redactor = Redactor()
    monkeypatch.setattr(service_module, "REDACTOR", redactor)
    url = "provider.url=ws://127.0.0.1/"
    planned(load(None, env={}, sets=["provider.name=custom", url, f"provider.{entry}"]).config, None)
    assert redactor.redacted(f"it said {entry.partition('=')[2]}.") == f"it said {entry.partition('=')[2]}."


def test_a_short_value_is_redacted_beside_its_name(monkeypatch):
    redactor = Redactor()
    monkeypatch.setattr(service_module, "REDACTOR", redactor)
    sets = ["headers.x-key=ab", "query.my_auth=bearer", "portkey.metadata.token_of=Basic cd", "api_key=ef"]
    url = "provider.url=ws://127.0.0.1/"
    planned(
        load(None, env={}, sets=["provider.name=custom", url, *(f"provider.{each}" for each in sets)]).config,
        None,
    )
    text = "x-key is ab; my_auth was bearer; no TOKEN_OF cd; api-key of ef; ab, bearer, cd"
    hidden = "x-key is *; my_auth was *; no TOKEN_OF *; api-key of *; ab, bearer, cd"
    assert redactor.redacted(text) == hidden.replace("*", "********")
