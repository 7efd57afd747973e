"""Warnings about the end of models in a configuration, by day and in the journal."""

import asyncio
from datetime import UTC, datetime

import pytest

from edged.app.ending_notices import EndingNotices, used, warnings
from edged.config import Config, load
from edged.dial.providers import PROVIDERS

NOW = datetime(2026, 11, 28, tzinfo=UTC).timestamp()


def configured(*sets):
    return load(None, env={}, sets=["provider.api_key_env=KEY", *sets]).config


def test_no_default_model_ends():
    names = ("openai", "a15t")
    assert [used(configured(f"provider.name={name}")) for name in names] == [(), ()]
    assert not any("preview" in provider.model for provider in PROVIDERS.values())


@pytest.mark.parametrize(
    ("sets", "keys"),
    [
        (["provider.model=gpt-realtime"], ["provider.model"]),
        (["provider.query.model=gpt-realtime"], ["provider.model"]),
        (
            ["provider.model=gpt-realtime", "provider.transcription=whisper-1"],
            ["provider.model", "provider.transcription"],
        ),
        (["provider.session.prompt_id=pmpt_1"], ["provider.session.prompt_id"]),
        (["provider.model=gpt-realtime-2.1-mini"], []),
    ],
)
def test_each_key_that_asks_for_it_is_named(sets, keys):
    assert [each.key for each in used(configured("provider.name=openai", *sets))] == keys


def test_a_deployment_and_the_embedded_service_have_names_of_their_own():
    azure = ["provider.name=azure", "provider.url=wss://r.openai.azure.com", "provider.model=gpt-realtime"]
    assert (
        used(configured(*azure))
        == used(configured("provider.name=local", "provider.model=gpt-realtime"))
        == ()
    )


def test_before_the_clock_is_set_nothing_is_claimed():
    config = configured("provider.name=openai", "provider.model=gpt-realtime")
    assert warnings(config, 0.0) == []
    (text,) = warnings(config, NOW)
    assert text.startswith(
        "provider.model: gpt-realtime ends at OpenAI on 2027-01-20 (in 53 days); successor "
    )


def test_the_journal_is_told_at_the_start_and_once_a_day(lab_run, caplog):
    async def main():
        loop, begun = asyncio.get_running_loop(), 0.0

        def wall():
            is_set = loop.time() >= begun + 600  # ten minutes after the start
            return NOW + loop.time() if is_set else loop.time()

        part = EndingNotices(configured("provider.name=openai", "provider.model=gpt-realtime"), wall)
        task = asyncio.create_task(part.run())
        await asyncio.sleep(500)
        assert (caplog.messages, part.snapshot()) == ([], {"endings": []})
        await asyncio.sleep(200)
        assert ["(in 53 days)" in each for each in caplog.messages] == [True]
        await asyncio.sleep(23 * 3600)
        assert len(caplog.messages) == 1
        await asyncio.sleep(60 * 86_400)
        assert len(caplog.messages) == 61
        assert "ended at OpenAI on 2027-01-20" in caplog.messages[-1]
        part.configure(Config())
        await asyncio.sleep(86_400)
        assert len(caplog.messages) == 61
        task.cancel()
        await asyncio.wait({task})

    lab_run(main())


def test_a_change_of_the_configuration_is_told_at_once(lab_run, caplog):
    async def main():
        part = EndingNotices(Config(), lambda: NOW)
        task = asyncio.create_task(part.run())
        await asyncio.sleep(1)
        part.configure(configured("provider.name=openai", "provider.session.prompt_id=pmpt_1"))
        await asyncio.sleep(1)
        assert ["provider.session.prompt_id" in each for each in caplog.messages] == [True]
        task.cancel()
        await asyncio.wait({task})

    lab_run(main())
