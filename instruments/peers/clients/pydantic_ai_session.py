"""pydantic-ai: an agent's realtime session. It drives the conversation on its own where it can."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import conversations
import report
from pydantic_ai import Agent
from pydantic_ai.messages import (
    PartDeltaEvent,
    PartStartEvent,
    SpeechPartDelta,
    TextPart,
    TextPartDelta,
)
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.realtime import RealtimeSession, RealtimeSessionErrorEvent, RealtimeTurnCompleteEvent
from pydantic_ai.realtime.openai import OpenAIRealtimeModel

HEARD_MS = 700
SPOKEN = ("push-to-talk", "vad", "interrupt")


class Recorded:
    """The model's connection; what arrives on it goes into the report, too."""

    def __init__(self, connection: Any, seen: report.Report) -> None:
        self._connection, self._report = connection, seen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def __aiter__(self) -> AsyncIterator[str]:
        async for text in self._connection:
            message = report.parsed(text)
            if message["type"] == "response.created":
                self._report.answers.append(report.Answer())
            self._report.saw(message)
            if message["type"] == "response.done":
                response, answer = message["response"], self._report.answers[-1]
                answer.status = response["status"]
                answer.error = ((response.get("status_details") or {}).get("error") or {}).get("code")
            yield text


class Model(OpenAIRealtimeModel):
    report: report.Report

    def _session_model_name(self, created: dict[str, Any], *others: Any) -> str | None:
        self.report.saw(created)
        return super()._session_model_name(created, *others)

    def _build_connection(self, ws: Any, **others: Any) -> Any:
        return super()._build_connection(Recorded(ws, self.report), **others)


class Talk:
    def __init__(self, session: RealtimeSession, seen: report.Report) -> None:
        self.session, self.report = session, seen
        self._complete = 0

    async def listen(self) -> None:
        async for event in self.session:
            match event:
                case PartDeltaEvent(delta=SpeechPartDelta(speaker="assistant") as delta):
                    answer = self.report.answers[-1]
                    answer.sound += delta.audio_chunk or b""
                    answer.transcript += delta.transcript_delta or ""
                case PartStartEvent(part=TextPart(content=text)):
                    self.report.answers[-1].text += text
                case PartDeltaEvent(delta=TextPartDelta(content_delta=text)):
                    self.report.answers[-1].text += text
                case RealtimeSessionErrorEvent():
                    self.report.errors.append({"code": event.code})
                case RealtimeTurnCompleteEvent():
                    self._complete += 1

    async def answered(self, times: int = 1) -> None:
        await report.first(lambda: self._complete >= times)

    async def append(self, sound: bytes) -> None:
        for piece in report.pieces(sound):
            await self.session.send_audio(piece)


async def text(talk: Talk) -> None:
    await talk.session.send("Hello from a client.")
    await talk.answered()


async def push_to_talk(talk: Talk) -> None:
    await talk.append(report.silence(0.2))  # a press that was taken back
    await talk.session.clear_audio()
    talk.report.sent += report.question()
    await talk.append(report.question())
    await talk.session.commit_audio()
    await talk.session.create_response()
    await talk.answered()


async def vad(talk: Talk) -> None:
    talk.report.sent += report.question()
    await talk.append(report.question() + report.silence(1))
    await talk.answered()


async def as_it_comes(talk: Talk) -> None:
    talk.report.sent += report.question() + report.silence(report.PAUSE_S)
    await talk.append(bytes(talk.report.sent))
    await talk.answered()


async def interrupt(talk: Talk) -> None:
    await talk.session.send("Tell me a long story.")
    answers = talk.report.answers
    await report.first(lambda: bool(answers) and len(answers[0].sound) >= report.BYTES_PER_S)
    await talk.session.interrupt(played_ms=HEARD_MS)
    await talk.answered()
    await report.heard(talk.report, "conversation.item.truncated")
    truncated = next(m for m in talk.report.messages if m["type"] == "conversation.item.truncated")
    talk.report.truncated.append([truncated["item_id"], truncated["audio_end_ms"]])
    await talk.session.send("Hello again.")
    await talk.answered(2)


async def tool(talk: Talk) -> None:
    await talk.session.send("What is the weather like in Paris?")
    await talk.answered()


async def error(talk: Talk) -> None:
    await talk.session.commit_audio()
    await report.heard(talk.report, "error")
    await talk.session.send("Please refuse this.")
    await talk.answered()
    await talk.session.send("Hello, still there?")
    await talk.answered(2)


_EVERY = (text, push_to_talk, vad, as_it_comes, interrupt, tool, error)
CONVERSATIONS = {each.__name__.replace("_", "-"): each for each in _EVERY}


async def hold(url: str, name: str, seen: report.Report) -> None:
    provider = OpenAIProvider(api_key=conversations.KEY, base_url=conversations.http_of(url))
    model = Model(conversations.MODEL, provider=provider)
    model.report = seen
    settings: dict[str, Any] = {
        "output_modality": "audio" if name in SPOKEN else "text",
        "openai_voice": "marin",
        "input_transcription_model": "whisper-1",
        "openai_turn_detection": conversations.SERVER_VAD if name == "vad" else None,
    }
    if name == "as-it-comes":
        settings = {}
    agent = Agent(instructions=conversations.INSTRUCTIONS)
    calls: list[dict[str, Any]] = []
    if name == "tool":

        @agent.tool_plain
        def get_weather(city: str) -> str:
            """The weather in a city."""
            calls.append({"name": "get_weather", "arguments": {"city": city}})
            return json.dumps({"sky": "clear"})

    async with agent.realtime(model, model_settings=settings).session() as session:
        talk = Talk(session, seen)
        listening = asyncio.create_task(talk.listen())
        try:
            await CONVERSATIONS[name](talk)
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
    if calls:
        seen.answers[0].calls = calls  # the session made them while the first answer ended


if __name__ == "__main__":
    report.main(hold)
