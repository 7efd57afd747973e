"""semantic-kernel: OpenAIRealtimeWebsocket, with a plugin that it calls on its own."""

import asyncio
import json
import logging
from contextlib import suppress
from typing import Annotated, Any

import conversations
import report
from openai import AsyncOpenAI
from semantic_kernel import Kernel
from semantic_kernel.connectors.ai import FunctionChoiceBehavior
from semantic_kernel.connectors.ai.open_ai import (
    OpenAIRealtimeExecutionSettings,
    OpenAIRealtimeWebsocket,
    SendEvents,
    TurnDetection,
)
from semantic_kernel.contents import AudioContent, TextContent
from semantic_kernel.contents.realtime_events import (
    RealtimeAudioEvent,
    RealtimeEvent,
    RealtimeFunctionCallEvent,
    RealtimeTextEvent,
)
from semantic_kernel.functions import kernel_function

HEARD_MS = 700
SPOKEN = ("push-to-talk", "vad", "as-it-comes", "interrupt")


class Weather:
    @kernel_function(name="get_weather", description="The weather in a city.")
    def get_weather(self, city: Annotated[str, "The name of the city"]) -> str:
        return json.dumps({"sky": "clear"})


class Complaints(logging.Handler):
    """Collects what the library only logs, such as an event that it could not send."""

    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        if "Error received" not in record.getMessage():  # there is an event for these
            self._said.append(record.getMessage())


class Talk:
    def __init__(self, client: OpenAIRealtimeWebsocket, seen: report.Report, *, spoken: bool) -> None:
        self.client, self.report, self._spoken = client, seen, spoken

    async def listen(self) -> None:
        async for event in self.client.receive():
            match event:
                case RealtimeAudioEvent():
                    self.report.answers[-1].sound += event.audio.data
                case RealtimeTextEvent() if self._spoken:
                    self.report.answers[-1].transcript += event.text.text
                case RealtimeTextEvent():
                    self.report.answers[-1].text += event.text.text
                case RealtimeFunctionCallEvent() if str(event.service_type).endswith("done"):
                    call = event.function_call
                    arguments = json.loads(call.arguments)
                    self.report.answers[0].calls.append({"name": call.function_name, "arguments": arguments})
            if event.service_event is not None and hasattr(event.service_event, "to_dict"):
                self._saw(event.service_event.to_dict())

    def _saw(self, message: dict[str, Any]) -> None:
        if message["type"] == "response.created":
            self.report.answers.append(report.Answer())
        if message["type"] == "response.done":
            response, answer = message["response"], self.report.answers[-1]
            answer.status = response["status"]
            answer.error = ((response.get("status_details") or {}).get("error") or {}).get("code")
        if message["type"] == "error":
            self.report.errors.append(
                {name: message["error"].get(name) for name in ("code", "param", "event_id")}
            )
        self.report.saw(message)

    async def answered(self, times: int = 1) -> None:
        await report.heard(self.report, "response.done", times)

    async def send(self, kind: SendEvents, **data: Any) -> None:
        await self.client.send(RealtimeEvent(service_type=kind, service_event=data))

    async def ask(self, text: str) -> None:
        item = TextContent(text=text)
        await self.client.send(RealtimeTextEvent(service_type=SendEvents.CONVERSATION_ITEM_CREATE, text=item))
        await self.send(SendEvents.RESPONSE_CREATE)

    async def append(self, sound: bytes) -> None:
        for piece in report.pieces(sound):
            audio = AudioContent(data=piece, data_format="base64")
            await self.client.send(RealtimeAudioEvent(audio=audio))


async def text(talk: Talk) -> None:
    await talk.ask("Hello from a client.")
    await talk.answered()


async def push_to_talk(talk: Talk) -> None:
    await talk.append(report.silence(0.2))  # a press that was taken back
    await talk.send(SendEvents.INPUT_AUDIO_BUFFER_CLEAR)
    talk.report.sent += report.question()
    await talk.append(report.question())
    await talk.send(SendEvents.INPUT_AUDIO_BUFFER_COMMIT)
    await talk.send(SendEvents.RESPONSE_CREATE)
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
    await talk.ask("Tell me a long story.")
    answers = talk.report.answers
    await report.first(lambda: bool(answers) and len(answers[0].sound) >= report.BYTES_PER_S)
    await talk.send(SendEvents.RESPONSE_CANCEL)
    await talk.answered()
    done = next(m for m in talk.report.messages if m["type"] == "response.done")
    item = done["response"]["output"][0]["id"]
    await talk.send(SendEvents.CONVERSATION_ITEM_TRUNCATE, item_id=item, audio_end_ms=HEARD_MS)
    await report.heard(talk.report, "conversation.item.truncated")
    truncated = next(m for m in talk.report.messages if m["type"] == "conversation.item.truncated")
    talk.report.truncated.append([truncated["item_id"], truncated["audio_end_ms"]])
    await talk.ask("Hello again.")
    await talk.answered(2)


async def tool(talk: Talk) -> None:
    await talk.ask("What is the forecast for Paris?")
    await talk.answered(2)


async def error(talk: Talk) -> None:
    await talk.send(SendEvents.INPUT_AUDIO_BUFFER_COMMIT)
    await talk.send(SendEvents.RESPONSE_CANCEL)
    await report.heard(talk.report, "error", 2)
    await talk.ask("Please refuse this.")
    await talk.answered()
    await talk.ask("Hello, still there?")
    await talk.answered(2)


_EVERY = (text, push_to_talk, vad, as_it_comes, interrupt, tool, error)
CONVERSATIONS = {each.__name__.replace("_", "-"): each for each in _EVERY}


def settings(name: str) -> OpenAIRealtimeExecutionSettings | None:
    """The settings cannot turn the detection off, so it gets more patience than the question needs."""
    if name == "as-it-comes":
        return None
    patient = {"create_response": False, "silence_duration_ms": 5000}
    listening = conversations.SERVER_VAD if name == "vad" else conversations.SERVER_VAD | patient
    return OpenAIRealtimeExecutionSettings(
        output_modalities=["audio" if name in SPOKEN else "text"],
        instructions=conversations.INSTRUCTIONS,
        voice="marin",
        input_audio_transcription=conversations.TRANSCRIPTION,
        turn_detection=TurnDetection(**listening),
        function_choice_behavior=FunctionChoiceBehavior.Auto() if name == "tool" else None,
    )


async def hold(url: str, name: str, seen: report.Report) -> None:
    complaints: list[str] = []
    handler = Complaints(complaints)
    logging.getLogger("semantic_kernel").addHandler(handler)
    sdk = AsyncOpenAI(
        api_key=conversations.KEY,
        base_url=conversations.http_of(url),
        websocket_base_url=conversations.base_of(url),
    )
    client = OpenAIRealtimeWebsocket(ai_model_id=conversations.MODEL, client=sdk)
    kernel = Kernel()
    if name == "tool":
        kernel.add_plugin(Weather(), "kiosk")
    try:
        async with client(settings=settings(name), kernel=kernel):
            talk = Talk(client, seen, spoken=name in SPOKEN)
            listening = asyncio.create_task(talk.listen())
            try:
                await CONVERSATIONS[name](talk)
            finally:
                listening.cancel()
                with suppress(asyncio.CancelledError):
                    await listening
    finally:
        logging.getLogger("semantic_kernel").removeHandler(handler)
    if complaints:
        raise RuntimeError(f"the library complains: {complaints}")


if __name__ == "__main__":
    report.main(hold)
