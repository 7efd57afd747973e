"""The doctor reads the key as systemd gives it to edged, and never says that a key is missing that is encrypted."""

import pytest

from edged.app import doctor_key
from edged.app.doctor import examine
from edged.app.doctor_steps import STEPS
from tests.doctor.machines import write
from tests.doctor.test_imitated import World

KEY = "sk-5d1c0a7be94f4c21"
ENCRYPTED = "etc/credstore.encrypted/edged.api-key"


@pytest.fixture
def world(tmp_path):
    """A service with a key, encrypted for this machine."""
    world = World(tmp_path)
    world.settings = ["provider.name=openai", "provider.url=wss://127.0.0.1:9"]
    write(world.root, ENCRYPTED, "U2VjcmV0")
    world.programs["systemd-creds"] = f"[ $# = 4 ] && [ -s $3 ] && echo {KEY}"
    return world


def configured(world):
    case = world.case()
    doctor_key.find(case)
    return case, examine(case, STEPS, ("configuration",)).findings


def test_an_encrypted_key_of_a_service_that_is_stopped_is_decrypted(world):
    world.units["edged.service"]["ActiveState"] = "inactive"
    case, found = configured(world)
    assert found == []
    assert case.key().reveal() == KEY


def test_an_encrypted_key_of_another_machine_is_named(world):
    world.units["edged.service"]["ActiveState"] = "inactive"
    world.programs["systemd-creds"] = "echo Failed to decrypt: Bad message >&2; exit 1"
    (found,) = configured(world)[1]
    assert found.cause == "config_invalid"
    assert f"{ENCRYPTED}: the key cannot be decrypted here (Failed to decrypt: Bad message)" in found.text


def test_what_systemd_has_given_to_a_running_edged_is_the_key(world):
    world.programs["systemd-creds"] = "exit 1"
    write(world.root, "run/credentials/edged.service/api-key", KEY)
    case, found = configured(world)
    assert found == []
    assert case.key().reveal() == KEY


def test_without_any_key_it_is_missing(world):
    (world.root / ENCRYPTED).unlink()
    (found,) = configured(world)[1]
    assert found.cause == "config_invalid"
