"""What a real mosquitto gets of a kiosk, and what it keeps."""

import asyncio
import json

import pytest

from edged.companion.mqtt.discovery import device_config
from tests.companion.mqtt.broker.mosquitto import TOPICS, mosquitto, needed, part, running, watching
from tests.companion.mqtt.scripted_kiosk import ScriptedKiosk

pytestmark = [pytest.mark.broker, needed]


def test_a_late_subscriber_gets_all_that_is_kept(tmp_path):
    async def main():
        kiosk = ScriptedKiosk()
        with mosquitto(tmp_path) as broker:
            async with watching(broker.port) as early, running(part(kiosk, broker.port)):
                await early.until(lambda latest: latest.get(TOPICS.availability) == "online")
                kiosk.turn(4)
                await early.until(lambda latest: TOPICS.turn in latest)
                await early.until(lambda latest: json.loads(latest[TOPICS.state])["last_turn"])
                async with watching(broker.port) as late:
                    kept = {TOPICS.availability, TOPICS.state, TOPICS.usage, TOPICS.health, TOPICS.device}
                    await late.until(lambda latest: kept <= latest.keys())
                    assert TOPICS.turn not in late.latest
                    assert all(retained for _, _, retained in late.seen)
                    state = json.loads(late.latest[TOPICS.state])
                assert state["last_turn"] == {
                    "turn": 4,
                    "outcome": "answered",
                    "cause": None,
                    "spoke_ms": 1040,
                    "answer_ms": 392,
                }
                assert (state["state"], state["volume"], state["edged"]) == ("IDLE", 50, "0.1.0")
                assert json.loads(late.latest[TOPICS.usage])["day"]["usd"] == 0.0512
                assert json.loads(late.latest[TOPICS.health])["mqtt"]["version"] == 5
            await_offline = early.latest[TOPICS.availability]
            assert await_offline in ("online", "offline")
            async with watching(broker.port) as after:
                await after.until(lambda latest: latest.get(TOPICS.availability) == "offline")

    asyncio.run(main())


def test_home_assistant_is_told_at_once_again_after_its_start_and_of_what_is_gone(tmp_path):
    async def main():
        kiosk = ScriptedKiosk()
        with mosquitto(tmp_path) as broker:
            async with watching(broker.port) as home:
                async with running(part(kiosk, broker.port, commands=True, unmute=True)):
                    await home.until(lambda latest: latest.get(TOPICS.availability) == "online")
                    config = json.loads(home.latest[TOPICS.device])
                    assert {"volume", "mute", "stop", "say"} <= config["cmps"].keys()
                    before = len(home.of(TOPICS.device))
                    await home.send("homeassistant/status", "online")
                    await home.until(lambda _: len(home.of(TOPICS.device)) > before)
                    assert json.loads(home.of(TOPICS.device)[-1]) == config
                begun = len(home.of(TOPICS.device))
                async with running(part(kiosk, broker.port)):
                    await home.until(lambda latest: "volume" not in latest[TOPICS.announced])
                emptied, then = map(json.loads, home.of(TOPICS.device)[begun : begun + 2])
                assert emptied["cmps"]["volume"] == {"p": "number"}
                assert emptied["cmps"]["mute"] == {"p": "switch"}
                assert then["cmps"].keys() == config["cmps"].keys() - {"volume", "mute", "stop", "say"}
                silent = type(TOPICS)("edged", TOPICS.kiosk, "")
                async with running(part(kiosk, broker.port, silent)):
                    await home.until(lambda latest: latest[TOPICS.announced] == "")
                assert home.of(TOPICS.device)[-1] == ""

    asyncio.run(main())


def test_what_waits_when_the_companion_stops_goes_out_before_its_goodbye(tmp_path):
    async def main():
        kiosk = ScriptedKiosk()
        with mosquitto(tmp_path) as broker:
            async with watching(broker.port) as home:
                async with running(part(kiosk, broker.port)):
                    await home.until(lambda latest: latest.get(TOPICS.availability) == "online")
                    kiosk.turn(9)
                await home.until(lambda latest: latest[TOPICS.availability] == "offline")
                assert json.loads(home.latest[TOPICS.turn])["turn"] == 9

    asyncio.run(main())


def test_two_hundred_kiosks_at_one_broker(tmp_path):
    async def main():
        topics = [type(TOPICS)("edged", f"{number:032x}", "homeassistant") for number in range(200)]
        kiosks = [ScriptedKiosk() for _ in topics]
        with mosquitto(tmp_path) as broker:
            parts = [part(kiosks[n], broker.port, each, seed=n) for n, each in enumerate(topics)]
            async with watching(broker.port) as home:
                async with running(*parts):
                    await home.until(
                        lambda latest: (
                            sum(latest.get(each.availability) == "online" for each in topics) == 200
                        )
                    )
                    for each in topics:
                        found = json.loads(home.latest[each.device])
                        assert found == device_config(
                            each, name="Kiosk 7", site="", release="0.1.0", commands=False, unmute=False
                        )
                    ids = {
                        c["uniq_id"]
                        for t in topics
                        for c in json.loads(home.latest[t.device])["cmps"].values()
                    }
                    assert len(ids) == 200 * len(found["cmps"])
                await home.until(
                    lambda latest: sum(latest.get(each.availability) == "offline" for each in topics) == 200
                )

    asyncio.run(main())
