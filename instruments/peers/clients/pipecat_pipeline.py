"""pipecat-ai: a pipeline with OpenAI's realtime service, and with a context if the conversation begins with one."""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import conversations
import report
from loguru import logger
from pipecat.adapters.llm.schemas.tools_schema import ToolsSchema
from pipecat.frames.frames import (
    ControlFrame,
    EndFrame,
    ErrorFrame,
    Frame,
    InputAudioRawFrame,
    InterruptionFrame,
    LLMRunFrame,
    LLMTextFrame,
    TTSAudioRawFrame,
    TTSTextFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.llm_service import FunctionCallParams
from pipecat.services.openai.realtime import events
from pipecat.services.openai.realtime.llm import OpenAIRealtimeLLMService
from pipecat.turns.user_turn_strategies import ExternalUserTurnStrategies
from pipecat.workers.runner import WorkerRunner

RATE_HZ = 24000
SPOKEN = ("push-to-talk", "vad", "as-it-comes", "interrupt")
# The service answers to the first context that it gets, which comes after the first utterance if not before.
WITHOUT_CONTEXT = ("push-to-talk", "vad", "as-it-comes")
CALLS: list[dict[str, Any]] = []


async def get_weather(params: FunctionCallParams, city: str) -> None:
    """The weather in a city.

    Args:
        city: The name of the city.
    """
    CALLS.append({"name": "get_weather", "arguments": {"city": city}})
    await params.result_callback({"sky": "clear"})


class Recorded:
    """The service's connection; what arrives on it goes into the report, too."""

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
            yield text


class Service(OpenAIRealtimeLLMService):
    report: report.Report

    async def _connect(self) -> None:
        await super()._connect()
        if self._websocket is not None:
            self._websocket = Recorded(self._websocket, self.report)


@dataclass
class Fence(ControlFrame):
    """Passes the pipeline after all frames before it."""

    passed: asyncio.Event = field(default_factory=asyncio.Event)


class Speaker(FrameProcessor):
    """The end of the pipeline: what a person would hear and read."""

    def __init__(self, seen: report.Report, *, spoken: bool) -> None:
        super().__init__()
        self._report, self._spoken = seen, spoken

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        match frame:
            case TTSAudioRawFrame():
                self._report.answers[-1].sound += frame.audio
            case TTSTextFrame():
                self._report.answers[-1].transcript += frame.text
            case LLMTextFrame() if not self._spoken:
                self._report.answers[-1].text += frame.text
            case Fence():
                frame.passed.set()
        await self.push_frame(frame, direction)


class Talk:
    def __init__(self, worker: PipelineWorker, service: Service, context: LLMContext) -> None:
        self.worker, self.service, self.context, self.report = worker, service, context, service.report

    async def answered(self, times: int = 1) -> None:
        """Wait for the end of this many answers, and for their way through the pipeline."""
        await report.heard(self.report, "response.done", times)
        fence = Fence()
        await self.worker.queue_frame(fence)
        await fence.passed.wait()
        done = [m["response"] for m in self.report.messages if m["type"] == "response.done"]
        for answer, response in zip(self.report.answers, done, strict=True):
            answer.status = response["status"]
            answer.error = ((response.get("status_details") or {}).get("error") or {}).get("code")

    async def ask(self, text: str) -> None:
        """The first question; the service takes it from the context."""
        self.context.add_message({"role": "user", "content": text})
        await self.worker.queue_frame(LLMRunFrame())

    async def say(self, text: str) -> None:
        """Any later one; the service has no frame for it."""
        content = [events.ItemContent(type="input_text", text=text)]
        item = events.ConversationItem(type="message", role="user", content=content)
        await self.service.send_client_event(events.ConversationItemCreateEvent(item=item))
        await self.service.send_client_event(events.ResponseCreateEvent())

    async def hear(self, sound: bytes) -> None:
        for piece in report.pieces(sound):
            await self.worker.queue_frame(InputAudioRawFrame(piece, RATE_HZ, 1))


async def text(talk: Talk) -> None:
    await talk.ask("Hello from a client.")
    await talk.answered()


async def push_to_talk(talk: Talk) -> None:
    talk.report.sent += report.question()
    await talk.worker.queue_frame(UserStartedSpeakingFrame())
    await talk.hear(report.question())
    await talk.worker.queue_frame(UserStoppedSpeakingFrame())
    await talk.answered()


async def vad(talk: Talk) -> None:
    talk.report.sent += report.question()
    await talk.hear(report.question() + report.silence(1))
    await talk.answered()


async def as_it_comes(talk: Talk) -> None:
    talk.report.sent += report.question() + report.silence(report.PAUSE_S)
    await talk.hear(bytes(talk.report.sent))
    await talk.answered()


async def interrupt(talk: Talk) -> None:
    await talk.ask("Tell me a long story.")
    answers = talk.report.answers
    await report.first(lambda: bool(answers) and len(answers[0].sound) >= report.BYTES_PER_S)
    await asyncio.sleep(0.1)  # the service assumes that this much was heard
    await talk.worker.queue_frame(InterruptionFrame())
    await report.heard(talk.report, "conversation.item.truncated")
    await talk.answered()
    truncated = next(m for m in talk.report.messages if m["type"] == "conversation.item.truncated")
    talk.report.truncated.append([truncated["item_id"], truncated["audio_end_ms"]])
    await talk.say("Hello again.")
    await talk.answered(2)


async def tool(talk: Talk) -> None:
    await talk.ask("What is the weather like in Paris?")
    await talk.answered(2)
    talk.report.answers[0].calls = CALLS  # the service made them while the first answer ended


_EVERY = (text, push_to_talk, vad, as_it_comes, interrupt, tool)
CONVERSATIONS = {each.__name__.replace("_", "-"): each for each in _EVERY}


def settings(name: str) -> events.SessionProperties:
    if name == "as-it-comes":
        return events.SessionProperties()
    listening = {key: conversations.SERVER_VAD[key] for key in ("threshold", "silence_duration_ms")}
    return events.SessionProperties(
        output_modalities=["audio" if name in SPOKEN else "text"],
        audio=events.AudioConfiguration(
            input=events.AudioInput(
                transcription=events.InputAudioTranscription(model="whisper-1"),
                turn_detection=events.TurnDetection(**listening) if name == "vad" else False,
            ),
            output=events.AudioOutput(voice="marin"),
        ),
    )


async def hold(url: str, name: str, seen: report.Report) -> None:
    complaints: list[str] = []
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    logger.add(lambda said: complaints.append(said.record["message"]), level="ERROR")  # warnings are advice
    service = Service(
        api_key=conversations.KEY,
        base_url=url,
        settings=Service.Settings(
            model=conversations.MODEL,
            system_instruction=conversations.INSTRUCTIONS,
            session_properties=settings(name),
        ),
    )
    service.report = seen
    tools = ToolsSchema(standard_tools=[get_weather] if name == "tool" else [])
    context = LLMContext(tools=tools)
    # who speaks when is told by the button and by the service: what the library itself could detect needs a model
    turns = LLMUserAggregatorParams(user_turn_strategies=ExternalUserTurnStrategies())
    aggregators = LLMContextAggregatorPair(context, user_params=turns)
    speaker = Speaker(seen, spoken=name in SPOKEN)
    processors: list[FrameProcessor] = [service, speaker]
    if name not in WITHOUT_CONTEXT:
        processors = [aggregators.user(), *processors, aggregators.assistant()]
    worker = PipelineWorker(Pipeline(processors), params=PipelineParams(audio_in_sample_rate=RATE_HZ))

    @worker.event_handler("on_pipeline_error")
    async def failed(_: PipelineWorker, frame: ErrorFrame) -> None:
        complaints.append(frame.error)

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    running = asyncio.create_task(runner.run())
    try:
        await report.first(lambda: bool(complaints) or report.has(seen, "session.updated"))
        if not complaints:
            await CONVERSATIONS[name](Talk(worker, service, context))
    finally:
        await worker.queue_frame(EndFrame())
        await running
    if complaints:
        raise RuntimeError(f"the library complains: {complaints}")


if __name__ == "__main__":
    report.main(hold)
