"""What a device may still do after it was left: nothing."""

from edged.app.lives import Gate, GatedSource
from tests.audio.devices.test_contract import BLOCK, Sound


class Cut(Sound):
    """Counts the cuts that are done."""

    cuts = 0

    def cut_done(self, unheard_bytes):
        self.cuts += 1


def test_a_source_behind_an_open_gate_is_the_source():
    source = Cut(BLOCK)
    behind = GatedSource(source, Gate())
    behind.on_work = behind.on_cut = print
    assert (source.on_work, source.on_cut, behind.idle, behind.ready_bytes) == (print, print, False, BLOCK)
    assert behind.take(BLOCK) == bytes(BLOCK)
    assert (source.taken, behind.idle) == (BLOCK, True)
    behind.cut_done(0)
    assert source.cuts == 1


def test_a_speaker_that_was_left_takes_nothing_and_changes_nothing_when_its_call_returns():
    source, gate = Cut(BLOCK), Gate()
    old = GatedSource(source, gate)
    old.on_work = old.on_cut = print
    gate.shut()
    assert (source.on_work, source.on_cut) == (None, None)  # nobody wakes its thread
    new = GatedSource(source, Gate())
    new.on_work = new.on_cut = len
    assert (old.idle, old.ready_bytes, old.take(BLOCK)) == (True, 0, bytes(BLOCK))
    old.set_latency(100)
    old.cut_done(BLOCK)
    old.on_work = old.on_cut = None  # as a thread does at its end
    assert (source.taken, source.cuts, source.latency_set_by) == (0, 0, [])
    assert (source.on_work, source.on_cut) == (len, len)
