"""What the measures of the machine with a card rely on."""

from edged.app.unit_notes import wants_local
from edged.config import load
from instruments.bench.card.first_hour import EMBEDDED
from instruments.bench.card.subjects import PORT


def test_a_kiosk_that_is_measured_does_not_make_systemd_start_another_service_at_the_port():
    def wanted(port):
        sets = ["provider.name=local", f"provider.url=ws://127.0.0.1:{port}/v1/realtime"]
        return wants_local(load(None, env={}, sets=sets).config)

    assert wanted(EMBEDDED)
    assert not wanted(PORT)
