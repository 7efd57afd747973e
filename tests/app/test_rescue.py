"""A kiosk that has given up."""

import asyncio
import logging

import pytest

from edged.app.rescue import FailedStart, Rescue, verdict
from edged.causes import CAUSES, Light
from edged.config import load, salvage
from edged.errors import ConfigError
from edged.panel.light import LOOKS
from edged.panel.null import NullLamp


def verdict_of(result, code="exited", status="1"):
    return verdict(
        {"MONITOR_SERVICE_RESULT": result, "MONITOR_EXIT_CODE": code, "MONITOR_EXIT_STATUS": status}
    )


@pytest.mark.parametrize(
    ("env", "cause", "word"),
    [
        (("exit-code", "exited", "78"), "config_invalid", "78"),
        (("exit-code", "exited", "64"), "usage", "64"),
        (("start-limit-hit", "exited", "78"), "config_invalid", "78"),
        (("start-limit-hit", "exited", "70"), "given_up", "too often (the last time with 70)"),
        (("start-limit-hit", "exited", "243"), "given_up", "encrypted on another machine"),
        (("start-limit-hit", "exited", "203"), "given_up", "run the installer again"),
        (("start-limit-hit", "killed", "ABRT"), "given_up", "too often (signal ABRT)"),
        (("oom-kill", "killed", "KILL"), "given_up", "more memory"),
        (("something-new", "exited", "1"), "given_up", "it ended"),
    ],
)
def test_the_reason_is_what_systemd_saw(env, cause, word):
    found = verdict_of(*env)
    assert found.cause == cause
    assert word in found.text


def test_started_by_hand_it_knows_no_more_than_that_edged_is_down():
    assert verdict({}) == FailedStart("given_up", "it ended")


def levels(lab_run, lamp, why, seconds):
    async def main():
        loop = asyncio.get_running_loop()
        rescue = Rescue(lamp, why, lambda: int(loop.time() * 1000))
        task = asyncio.create_task(rescue.run())
        await asyncio.sleep(seconds)
        rescue.stop()
        await task

    lab_run(main())


@pytest.mark.parametrize("cause", ["given_up", "config_invalid", "usage"])
def test_the_light_shows_the_fault_until_it_is_stopped(lab_run, cause):
    lamp = NullLamp()
    levels(lab_run, lamp, FailedStart(cause, ""), 60)
    rhythm = LOOKS[Light.ERROR_EDGED].pattern
    flashes = [step for step in rhythm if step[0]]
    rounds = 60_000 / sum(ms for _, ms in rhythm)
    assert sum(lamp.history) == pytest.approx(len(flashes) * rounds, abs=len(flashes))
    assert lamp.level == 0


def test_one_line_says_what_and_what_helps(lab_run, caplog):
    levels(lab_run, NullLamp(), FailedStart("given_up", "it ended too often"), 3600)
    (line,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert "it ended too often" in line.getMessage()
    assert CAUSES["given_up"].remedy in line.getMessage()
    assert line.edged == {"cause": "given_up"}


@pytest.mark.parametrize(
    ("cause", "by_itself"), [("given_up", True), ("config_invalid", False), ("usage", False)]
)
def test_what_nobody_tries_again_says_so_and_how_it_is_started(lab_run, caplog, cause, by_itself):
    levels(lab_run, NullLamp(), FailedStart(cause, ""), 1)
    assert ("does not try again on its own" in caplog.text) is not by_itself
    assert "`sudo systemctl restart edged`" in caplog.text


def test_without_a_lamp_it_says_so(lab_run, caplog):
    levels(lab_run, None, FailedStart("config_invalid", "it ended with 78"), 1)
    assert "stays dark" in caplog.text


# -- what a broken configuration can still say about the light --


def broken(tmp_path, text):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError):
        load(path, env={})
    return salvage(path, "light")


def test_a_fault_elsewhere_leaves_the_light_where_it_is(tmp_path):
    found = broken(
        tmp_path, "version: 1\nmoed: hold\nlight: {gpio: 22, active_high: false}\nbutton: {gpio: 22}\n"
    )
    assert (found.light.gpio, found.light.active_high) == (22, False)
    assert broken(tmp_path, "version: 1\nmode: hodl\n").light.gpio == 27


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\nlight: {gpoi: 22}\n",
        "version: 1\nlight: {gpio: 99}\n",
        "version: 1\nlight: 22\n",
        "version: 1\nlights: {gpio: 22}\n",
        "version: 1\nlight: {gpio: 22\n",
        "\x00",
    ],
)
def test_no_pin_is_touched_that_may_be_another(tmp_path, text):
    assert broken(tmp_path, text) is None


def test_a_part_beside_it_counts_too(tmp_path):
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d/site.yaml").write_text("light: {gpio: 5}\n")
    assert broken(tmp_path, "version: 1\nmoed: x\n").light.gpio == 5


def test_a_file_that_is_not_there_says_nothing(tmp_path):
    assert salvage(tmp_path / "none.yaml", "light") is None
