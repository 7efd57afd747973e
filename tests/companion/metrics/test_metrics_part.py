"""The metrics while they run: the file of the totals, the textfile, and what is shown meanwhile."""

import asyncio
import json
import os
import stat
from argparse import Namespace
from contextlib import asynccontextmanager

import pytest
from prometheus_client.parser import text_string_to_metric_families

from edged.cli.companion_parts import parts
from edged.companion.metrics.metrics_part import NAME, MetricsPart
from edged.config import load
from edged.folders import companion_state_dir
from edged.system.store import FileStore
from tests.companion.metrics.kiosks import WHO, snapshot, state, turn
from tests.companion.metrics.known import ScriptedKiosk

BACK = {"event": "back"}
REST = state("IDLE", "DRAINING", "DRAINED")
SOON_S = 0.01


@asynccontextmanager
async def metrics(folder, textfile="", kiosk=None, save_s=SOON_S):
    kiosk = kiosk or ScriptedKiosk()
    store, times = FileStore(folder), {"save_s": save_s, "write_s": SOON_S}
    part = MetricsPart(kiosk, WHO, store, str(textfile), began_s=1000.0, **times)
    life = asyncio.ensure_future(part.run())
    await until(lambda: kiosk._listeners)
    try:
        yield kiosk, part
    finally:
        life.cancel()
        await asyncio.wait([life])
        assert life.cancelled() or life.exception() is None, life.exception()


async def until(is_so):
    async with asyncio.timeout(30):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def values(part_or_text):
    said = part_or_text if isinstance(part_or_text, bytes) else part_or_text.exposition()[1]
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(said.decode())
        for sample in family.samples
    }


def answered(part):
    return values(part)["edged_turns_total", "answered"]


def test_totals_survive_a_restart_of_the_companion(tmp_path):
    async def main():
        async with metrics(tmp_path) as (kiosk, part):
            kiosk.say(BACK, snapshot(), *turn(1), REST)
            await until(lambda: answered(part) == 1)
        async with metrics(tmp_path) as (kiosk, part):
            assert answered(part) == 1
            kiosk.say(BACK, snapshot(turns=1), *turn(2), REST)
            await until(lambda: answered(part) == 2)
            assert values(part)["edged_turns_total", "unseen"] == 0

    asyncio.run(main())


def test_a_counter_never_falls_although_the_companion_is_killed(tmp_path):
    """What is shown is on the disk already; what is not on the disk yet is not shown."""

    async def main():
        async with metrics(tmp_path, save_s=1000) as (kiosk, part):
            kiosk.say(BACK, snapshot(), *turn(1), REST)
            await until(lambda: answered(part) == 1)  # at once: nothing was saved before
            kiosk.say(*turn(2), REST)
            await asyncio.sleep(0.05)
            assert answered(part) == 1
            killed = json.loads((tmp_path / f"{NAME}.json").read_text())
            assert killed["totals"]["counts"]["edged_turns_total"] == {"answered": 1}
        assert "answered" in (tmp_path / f"{NAME}.json").read_text()
        async with metrics(tmp_path) as (_, part):
            assert answered(part) == 2  # the end saves all of it

    asyncio.run(main())


def test_a_kiosk_that_is_known_already_is_counted_from_the_first_moment(tmp_path):
    async def main():
        kiosk = ScriptedKiosk({"hash": "0123abcd"})
        kiosk.say(BACK, snapshot(counters={"underruns": 4}))
        async with metrics(tmp_path, kiosk=kiosk) as (_, part):
            await until(lambda: values(part).get(("edged_underruns_total",)) == 4)
            await until(lambda: ("edged_config_info", "0123abcd") in values(part))

    asyncio.run(main())


def test_the_hash_of_the_configuration_is_asked_for_again_after_a_reload_and_may_be_missing(tmp_path):
    async def main():
        async with metrics(tmp_path, kiosk=ScriptedKiosk({"hash": "0123abcd"})) as (kiosk, part):
            kiosk.say(BACK, snapshot())
            await until(lambda: ("edged_config_info", "0123abcd") in values(part))
            kiosk.config = {"hash": "4567cdef"}
            kiosk.say({"event": "reloaded"})
            await until(lambda: ("edged_config_info", "4567cdef") in values(part))
            kiosk.config = None
            kiosk.say(BACK, snapshot())
            await until(lambda: not any(name[0] == "edged_config_info" for name in values(part)))

    asyncio.run(main())


def test_a_damaged_file_is_set_aside_and_said_once(tmp_path, journal):
    (tmp_path / f"{NAME}.json").write_text('{"totals": ')

    async def main():
        async with metrics(tmp_path) as (kiosk, part):
            kiosk.say(BACK, snapshot(counters={"underruns": 4}, turns=7))
            kiosk.say(snapshot(counters={"underruns": 5}, turns=7), *turn(8), REST)
            await until(lambda: answered(part) == 1)
            assert values(part)["edged_underruns_total",] == 1
            assert values(part)["edged_turns_total", "unseen"] == 0

    asyncio.run(main())
    assert (tmp_path / f"{NAME}.json.corrupt").read_text() == '{"totals": '
    assert journal.getvalue().count(f"{NAME}.json") == 2  # the file, and its new name


def test_a_disk_that_takes_nothing_is_said_once_and_the_totals_live_in_memory(tmp_path, journal):
    nowhere = tmp_path / "file" / "folder"
    (tmp_path / "file").touch()

    async def main():
        async with metrics(nowhere) as (kiosk, part):
            kiosk.say(BACK, snapshot())
            for number in (1, 2, 3):
                kiosk.say(*turn(number), REST)
                await until(lambda number=number: answered(part) == number)
            assert values(part)["edged_companion_totals_kept",] == 0

    asyncio.run(main())
    assert journal.getvalue().count(str(nowhere)) == 1


def test_a_reload_forgets_nothing_that_the_disk_has_not_taken(tmp_path, monkeypatch):
    """A counter that fell from 12 to 10 would look like 10 more of what it counts."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "file" / "folder"))
    monkeypatch.setitem(MetricsPart.__init__.__kwdefaults__, "save_s", SOON_S)
    loaded = load(None, env={}, sets=[f"companion.metrics.textfile={tmp_path}/edged.prom"])

    async def main():
        kiosk = ScriptedKiosk()
        kiosk.say(BACK, snapshot())
        for number in (1, 2, 3):
            (part,) = parts(loaded, kiosk, Namespace(config=None, socket=None, set=[]))
            life = asyncio.ensure_future(part.run())
            await until(lambda: kiosk._listeners)
            assert answered(part) == number - 1
            kiosk.say(*turn(number), REST)
            await until(lambda number=number, part=part: answered(part) == number)
            life.cancel()
            await asyncio.wait([life])

    asyncio.run(main())


def test_the_textfile_is_whole_readable_by_all_and_removed_at_the_end(tmp_path):
    path = tmp_path / "edged.prom"
    (tmp_path / ".edged.prom.new").write_text("left over")

    async def main():
        before = os.umask(0o077)
        try:
            async with metrics(tmp_path / "state", path) as (_, part):
                await until(path.exists)
                assert values(path.read_bytes())["edged_up",] == 0
                assert stat.S_IMODE(path.stat().st_mode) == 0o644
                assert str(path) in str(part)
        finally:
            os.umask(before)

    asyncio.run(main())
    assert [each.name for each in tmp_path.iterdir()] == ["state"]


def test_a_folder_that_cannot_be_written_is_said_once_and_tried_again(tmp_path, journal):
    folder = tmp_path / "missing"

    async def main():
        async with metrics(tmp_path / "state", folder / "edged.prom") as (_, part):
            await until(lambda: values(part)["edged_companion_textfile_failures_total",] > 3)
            folder.mkdir()
            await until((folder / "edged.prom").exists)

    asyncio.run(main())
    said = journal.getvalue()
    assert said.count("the companion tries again") == said.count("is written again") == 1
    assert not [*folder.iterdir()]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("companion.metrics.textfile=/run/edged.prom", ["metrics in /run/edged.prom"]),
        ("companion.page.listen=127.0.0.1:0", ["metrics"]),
        ("companion.name=kiosk-7", []),
    ],
)
def test_metrics_run_while_there_is_a_page_or_a_textfile(key, said):
    loaded = load(None, env={}, sets=[key])
    assert [
        str(part)
        for part in parts(loaded, ScriptedKiosk(), Namespace(config=None, socket=None, set=[]))
        if isinstance(part, MetricsPart)
    ] == said


def test_the_totals_are_in_the_folder_of_the_service_or_of_the_user(tmp_path):
    home = {"HOME": str(tmp_path)}
    for env, folder in (
        ({**home, "STATE_DIRECTORY": "/var/lib/edged-companion:/other"}, "/var/lib/edged-companion"),
        ({**home, "XDG_STATE_HOME": f"{tmp_path}/state"}, f"{tmp_path}/state/edged-companion"),
        ({**home, "XDG_STATE_HOME": "relative"}, f"{tmp_path}/.local/state/edged-companion"),
    ):
        assert companion_state_dir(env) == folder
