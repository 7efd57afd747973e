"""openai-agents: a session with an agent that has a tool. It drives the conversation on its own where it can."""

import asyncio
import json
import logging
from contextlib import suppress
from typing import Any

import conversations
import report
from agents import function_tool, set_tracing_disabled
from agents.realtime import (
    RealtimeAgent,
    RealtimeModelSendInterrupt,
    RealtimeModelSendRawMessage,
    RealtimeRunner,
    RealtimeSession,
)

set_tracing_disabled(disabled=True)
CALLS: list[dict[str, Any]] = []
COMPLAINTS: list[str] = []


class Complaints(logging.Handler):
    """Collects what the library only logs, such as an event that it could not read."""

    def emit(self, record: logging.LogRecord) -> None:
        COMPLAINTS.append(record.getMessage())


@function_tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    CALLS.append({"name": "get_weather", "arguments": {"city": city}})
    return json.dumps({"sky": "clear"})


class Talk:
    """A session, and what its events said."""

    def __init__(self, session: RealtimeSession, seen: report.Report) -> None:
        self.session, self.report = session, seen
        self._texts: dict[str, str] = {}
        self._answer_of: dict[str, report.Answer] = {}

    async def listen(self) -> None:
        async for event in self.session:
            if event.type == "raw_model_event":
                self._raw(event.data)
            elif event.type == "audio":
                self._answer_of[event.audio.response_id].sound += event.audio.data
            elif event.type == "error":
                error = event.error
                fields = {name: getattr(error, name, None) for name in ("code", "param", "event_id")}
                self.report.errors.append(fields if fields["code"] else {"code": repr(error)})
            elif event.type in ("history_added", "history_updated"):
                items = event.history if event.type == "history_updated" else [event.item]
                for item in items:
                    self._item(item)

    def _raw(self, event: Any) -> None:
        if event.type == "raw_server_event":
            self.report.saw(event.data)
            if event.data["type"] == "response.done":
                self._done(event.data["response"])
        elif event.type == "turn_started":
            answer = self._answer_of[event.response_id] = report.Answer()
            self.report.answers.append(answer)
        elif event.type == "transcript_delta":
            self._answer_of[event.response_id].transcript += event.delta
        elif event.type == "exception":
            COMPLAINTS.append(f"{event.context}: {event.exception!r}")

    def _item(self, item: Any) -> None:
        if item.type == "message" and item.role == "assistant":
            written = (part.text or "" for part in item.content if part.type == "text")
            self._texts[item.item_id] = "".join(written)

    def _done(self, response: dict[str, Any]) -> None:
        answer = self._answer_of[response["id"]]
        answer.status = response["status"]
        answer.error = ((response.get("status_details") or {}).get("error") or {}).get("code")
        for item in response["output"]:
            answer.text += self._texts.get(item["id"], "")

    async def heard(self, name: str, times: int = 1) -> None:
        await report.first(lambda: sum(m["type"] == name for m in self.report.messages) >= times)

    async def answered(self, times: int = 1) -> None:
        await self.heard("response.done", times)

    async def send(self, **message: Any) -> None:
        """Send a message for which the session has no method."""
        await self.session.model.send_event(RealtimeModelSendRawMessage(message=message))

    async def say(self, text: str) -> None:
        done = sum(message["type"] == "response.done" for message in self.report.messages)
        await self.session.send_message(text)
        await self.answered(done + 1)

    async def append(self, sound: bytes) -> None:
        for piece in report.pieces(sound):
            await self.session.send_audio(piece)


async def text(talk: Talk) -> None:
    await talk.say("Hello from a client.")


async def push_to_talk(talk: Talk) -> None:
    talk.report.sent += report.question()
    *before, last = report.pieces(report.question())
    for piece in before:
        await talk.session.send_audio(piece)
    await talk.session.send_audio(last, commit=True)
    await talk.heard("input_audio_buffer.committed")
    await talk.send(type="response.create")
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
    await talk.session.send_message("Tell me a long story.")
    await report.first(lambda: bool(talk.report.answers) and len(talk.report.answers[0].sound) > 0)
    await asyncio.sleep(0.3)  # the library assumes that this much was heard
    await talk.session.interrupt()
    await talk.answered()
    await talk.heard("conversation.item.truncated")
    truncated = next(m for m in talk.report.messages if m["type"] == "conversation.item.truncated")
    talk.report.truncated.append([truncated["item_id"], truncated["audio_end_ms"]])
    await talk.say("Hello again.")


async def tool(talk: Talk) -> None:
    await talk.session.send_message("What is the weather like in Paris?")
    await talk.answered(2)
    talk.report.answers[0].calls = CALLS  # the session made them while the first answer ended


async def error(talk: Talk) -> None:
    wrong = {**conversations.settings("ga", audio=False), "colour": "green"}
    await talk.send(type="session.update", other_data={"session": wrong, "event_id": "mine_1"})
    await talk.heard("error", 1)
    await talk.send(type="input_audio_buffer.commit", other_data={"event_id": "mine_2"})
    await talk.heard("error", 2)
    await talk.session.model.send_event(RealtimeModelSendInterrupt(force_response_cancel=True))
    await talk.say("Please refuse this.")
    await talk.say("Hello, still there?")


_EVERY = (text, push_to_talk, vad, as_it_comes, interrupt, tool, error)
CONVERSATIONS = {each.__name__.replace("_", "-"): each for each in _EVERY}
SPOKEN = ("push-to-talk", "vad", "interrupt")


async def hold(url: str, name: str, seen: report.Report) -> None:
    logger = logging.getLogger("openai.agents")
    logger.addHandler(Complaints(logging.WARNING))
    detection = conversations.SERVER_VAD if name == "vad" else None
    settings = {
        "model_name": conversations.MODEL,  # its session.update contains it
        "modalities": ["audio" if name in SPOKEN else "text"],
        "voice": "marin",
        "turn_detection": detection,
        "input_audio_transcription": conversations.TRANSCRIPTION,
    }
    if name == "as-it-comes":
        settings = {"model_name": conversations.MODEL}
    tools = [get_weather] if name == "tool" else []
    agent = RealtimeAgent(name="kiosk", instructions=conversations.INSTRUCTIONS, tools=tools)
    runner = RealtimeRunner(agent, config={"model_settings": settings, "tracing_disabled": True})
    session = await runner.run(
        model_config={"url": f"{url}?model={conversations.MODEL}", "api_key": conversations.KEY}
    )
    async with session:
        talk = Talk(session, seen)
        listening = asyncio.create_task(talk.listen())
        try:
            await talk.heard("session.updated")
            await CONVERSATIONS[name](talk)
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
    if COMPLAINTS:
        raise RuntimeError(f"the library complains: {COMPLAINTS}")


if __name__ == "__main__":
    report.main(hold)
