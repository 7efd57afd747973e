"""The conversations, over any object with the shape of the openai SDK's connection: sync or async, either dialect."""

import base64
import inspect
import json
import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import optional
import report as reports
from report import Answer, Report

MODEL = "gpt-realtime"
KEY = os.environ["KEY"]
INSTRUCTIONS = "Answer briefly."
SERVER_VAD = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 400,
    "create_response": True,
    "interrupt_response": True,
}
TRANSCRIPTION = {"model": "whisper-1"}
OUTPUT = {"ga": "response.output_", "beta": "response."}
USER_ITEM_IN = {"ga": "conversation.item.done", "beta": "conversation.item.created"}


def settings(
    dialect: str, *, audio: bool = True, detection: dict[str, Any] | None = None, tools: tuple[Any, ...] = ()
) -> dict[str, Any]:
    """The settings that the client asks for."""
    if dialect == "beta":
        return {
            "modalities": ["text", "audio"] if audio else ["text"],
            "instructions": INSTRUCTIONS,
            "voice": "alloy",
            "input_audio_format": "pcm16",
            "output_audio_format": "pcm16",
            "input_audio_transcription": TRANSCRIPTION,
            "turn_detection": detection,
            "tools": list(tools),
            "tool_choice": "auto",
            "temperature": 0.7,
            "max_response_output_tokens": "inf",
        }
    pcm = {"type": "audio/pcm", "rate": 24000}
    return {
        "type": "realtime",
        "output_modalities": ["audio"] if audio else ["text"],
        "instructions": INSTRUCTIONS,
        "audio": {
            "input": {"format": pcm, "transcription": TRANSCRIPTION, "turn_detection": detection},
            "output": {"format": pcm, "voice": "marin"},
        },
        "tools": list(tools),
        "tool_choice": "auto",
        "max_output_tokens": "inf",
    }


async def settled(result: Any) -> Any:
    """The result of a call, for an async client as for a sync one."""
    return await result if inspect.isawaitable(result) else result


class Talk:
    """A connection, and what has arrived on it so far."""

    def __init__(self, connection: Any, dialect: str, report: Report) -> None:
        self.connection, self.dialect, self.report = connection, dialect, report

    async def hear(self, *names: str) -> Any:
        """The next of these events, as the client's own object. Errors are kept, and end a wait for anything else."""
        while True:
            raw = await settled(self.connection.recv_bytes())
            self.report.saw(json.loads(raw))
            event = self.connection.parse_event(raw)
            if event.type == "error":
                error = event.error
                fields = {"code": error.code, "param": error.param, "event_id": error.event_id}
                self.report.errors.append(fields)
                if "error" not in names:
                    raise RuntimeError(f"the server refused: {error.message} ({error.code})")
            if event.type in names:
                return event

    async def set_up(self, **asked: Any) -> None:
        await self.hear("session.created")
        await self.ask(self.connection.session.update(session=settings(self.dialect, **asked)))
        await self.hear("session.updated")

    async def ask(self, request: Any) -> None:
        await settled(request)

    async def say(self, text: str, *, answer: bool = True) -> Answer | None:
        content = [{"type": "input_text", "text": text}]
        item = {"type": "message", "role": "user", "content": content}
        await self.ask(self.connection.conversation.item.create(item=item))
        await self.hear(USER_ITEM_IN[self.dialect])
        return await self.answered() if answer else None

    async def answered(self) -> Answer:
        await self.ask(self.connection.response.create())
        return await self.answer()

    async def answer(self, *, until: Callable[[Answer], bool] = lambda _: False) -> Answer:
        """The rest of a response, or as much of it as `until` wants."""
        output = OUTPUT[self.dialect]
        answer = Answer()
        self.report.answers.append(answer)
        names = [f"{output}{kind}" for kind in ("audio.delta", "audio_transcript.delta", "text.delta")]
        called, done = "response.function_call_arguments.done", "response.done"
        while not until(answer):
            event = await self.hear(*names, called, done)
            if event.type == names[0]:
                answer.sound += base64.b64decode(event.delta)
            elif event.type == names[1]:
                answer.transcript += event.delta
            elif event.type == names[2]:
                answer.text += event.delta
            elif event.type == called:
                answer.calls.append({"call_id": event.call_id, "arguments": json.loads(event.arguments)})
            else:
                self.ended(answer, event.response)
                break
        return answer

    def ended(self, answer: Answer, response: Any) -> None:
        answer.status = response.status
        if response.status_details is not None and response.status_details.error is not None:
            answer.error = response.status_details.error.code
        for item in response.output:
            for call in answer.calls:
                if item.type == "function_call" and item.call_id == call["call_id"]:
                    call["name"] = item.name

    async def append(self, sound: bytes) -> None:
        for piece in reports.pieces(sound):
            await self.ask(self.connection.input_audio_buffer.append(audio=reports.base64_of(piece)))


async def text(talk: Talk) -> None:
    await talk.set_up(audio=False)
    await talk.say("Hello from a client.")
    user_item = next(
        message["item"]["id"]
        for message in talk.report.messages
        if message.get("item", {}).get("role") == "user"
    )
    await talk.ask(talk.connection.conversation.item.retrieve(item_id=user_item))
    await talk.hear("conversation.item.retrieved")
    await talk.ask(talk.connection.conversation.item.delete(item_id=user_item))
    await talk.hear("conversation.item.deleted")


async def push_to_talk(talk: Talk) -> None:
    await talk.set_up()
    buffer = talk.connection.input_audio_buffer
    await talk.append(reports.silence(0.2))  # a press that was taken back
    await talk.ask(buffer.clear())
    await talk.hear("input_audio_buffer.cleared")
    talk.report.sent += reports.question()
    await talk.append(reports.question())
    await talk.ask(buffer.commit())
    await talk.hear("input_audio_buffer.committed")
    await talk.hear("conversation.item.input_audio_transcription.completed")
    await talk.answered()


async def vad(talk: Talk) -> None:
    await talk.set_up(detection=SERVER_VAD)
    talk.report.sent += reports.question()
    await talk.append(reports.question() + reports.silence(1))
    for name in ("speech_started", "speech_stopped", "committed"):
        await talk.hear(f"input_audio_buffer.{name}")
    await talk.answer()


async def as_it_comes(talk: Talk) -> None:
    """The service listens even to a client that asks for no settings."""
    await talk.hear("session.created")
    talk.report.sent += reports.question() + reports.silence(reports.PAUSE_S)
    await talk.append(bytes(talk.report.sent))
    await talk.answer()


async def interrupt(talk: Talk) -> None:
    await talk.set_up()
    await talk.say("Tell me a long story.", answer=False)
    await talk.ask(talk.connection.response.create())
    cut = await talk.answer(until=lambda answer: len(answer.sound) >= reports.BYTES_PER_S)
    await talk.ask(talk.connection.response.cancel())
    rest = await talk.answer()
    talk.report.answers.remove(rest)
    cut.sound += rest.sound
    cut.transcript += rest.transcript
    cut.status = rest.status
    item = talk.report.messages[-1]["response"]["output"][0]["id"]
    await talk.ask(
        talk.connection.conversation.item.truncate(item_id=item, content_index=0, audio_end_ms=700)
    )
    event = await talk.hear("conversation.item.truncated")
    talk.report.truncated.append([event.item_id, event.audio_end_ms])
    await talk.say("Hello again.")


async def tool(talk: Talk) -> None:
    await talk.set_up(audio=False, tools=(optional.WEATHER,))
    answer = await talk.say("What is the weather like in Paris?")
    assert answer is not None
    for call in answer.calls:
        item = {"type": "function_call_output", "call_id": call["call_id"], "output": '{"sky": "clear"}'}
        await talk.ask(talk.connection.conversation.item.create(item=item))
    await talk.answered()


async def error(talk: Talk) -> None:
    await talk.set_up(audio=False)
    connection = talk.connection
    wrong = {**settings(talk.dialect, audio=False), "colour": "green"}
    for request in (
        connection.session.update(session=wrong, event_id="mine_1"),
        connection.input_audio_buffer.commit(event_id="mine_2"),
        connection.response.cancel(event_id="mine_3"),
    ):
        await talk.ask(request)
        await talk.hear("error")
    await talk.say("Please refuse this.")
    await talk.say("Hello, still there?")


async def options(talk: Talk) -> None:
    """Every option that the SDK's types have; the reply to each, error or not, is recorded by name."""
    await talk.hear("session.created")
    connection, dialect, taken = talk.connection, talk.dialect, talk.report.notes

    async def tried(name: str, request: Any, *sought: str) -> None:
        await talk.ask(request)
        event = await talk.hear(*sought, "error")
        taken[name] = event.error.code if event.type == "error" else "taken"

    for name, change in optional.SESSIONS[dialect].items():
        await tried(name, connection.session.update(session=change), "session.updated")
    for name, item in optional.ITEMS[dialect].items():
        place = {"previous_item_id": "root"} if name == "item with an id, in front" else {}
        await tried(name, connection.conversation.item.create(item=item, **place), USER_ITEM_IN[dialect])
    own = optional.OWN_ID
    await tried("retrieve", connection.conversation.item.retrieve(item_id=own), "conversation.item.retrieved")
    for name, response in optional.RESPONSES[dialect].items():
        await tried(name, connection.response.create(response=response), "response.done")
    await tried("delete", connection.conversation.item.delete(item_id=own), "conversation.item.deleted")


async def mint(talk: Talk) -> None:
    """A session with the settings of its short-lived key, and no others."""
    await talk.hear("session.created")
    await talk.say("Hello from a client.")


async def transcribe(talk: Talk) -> None:
    """A session that only transcribes; GA only, because the beta surface always names a model."""
    await talk.hear("session.created")
    pcm = {"type": "audio/pcm", "rate": 24000}
    for detection in (None, {"type": "server_vad", "silence_duration_ms": 400}):
        asked = {"format": pcm, "transcription": {"model": "gpt-4o-transcribe"}, "turn_detection": detection}
        await talk.ask(
            talk.connection.session.update(session={"type": "transcription", "audio": {"input": asked}})
        )
        await talk.hear("session.updated")
        talk.report.sent += reports.question()
        await talk.append(reports.question())
        await talk.ask(
            talk.connection.input_audio_buffer.commit()
            if detection is None
            else talk.connection.input_audio_buffer.append(audio=reports.base64_of(reports.silence(1)))
        )
        event = await talk.hear("conversation.item.input_audio_transcription.completed")
        talk.report.notes.setdefault("heard", []).append([event.transcript, event.usage.type])
    await talk.ask(talk.connection.response.create())
    await talk.hear("error")


_EVERY = (text, push_to_talk, vad, as_it_comes, interrupt, tool, error, options, mint, transcribe)
CONVERSATIONS = {each.__name__.replace("_", "-"): each for each in _EVERY}


def base_of(url: str) -> str:
    """The base URL for the clients: they add `/realtime` themselves."""
    return url.removesuffix("/realtime")


def http_of(url: str) -> str:
    return base_of(url).replace("ws://", "http://", 1)


async def held(manager: Any, dialect: str, name: str, report: Report) -> None:
    """One conversation over the connection that `manager` opens."""
    async with AsyncExitStack() as stack:
        if hasattr(manager, "__aenter__"):
            connection = await stack.enter_async_context(manager)
        else:
            connection = stack.enter_context(manager)
        await CONVERSATIONS[name](Talk(connection, dialect, report))
