"""livekit-agents: an AgentSession with a microphone and a speaker of ours. It drives the conversation on its own."""

import asyncio
import json
import logging
from typing import Any

import conversations
import report
from livekit import rtc
from livekit.agents import Agent, AgentSession, APIConnectOptions, function_tool
from livekit.agents.voice import io
from livekit.plugins.openai import realtime
from openai.types.realtime.realtime_audio_input_turn_detection import ServerVad

BLOCK_MS = 100  # the library sends whole blocks of this length, and keeps the rest
HEARD_MS = 700
SPOKEN = ("push-to-talk", "vad", "as-it-comes", "interrupt")
CALLS: list[dict[str, Any]] = []
COMPLAINTS: list[str] = []


class Complaints(logging.Handler):
    """Collects what the library only logs, such as an event that it could not read."""

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        if "returned an error" not in said:  # the session has an event for these
            COMPLAINTS.append(said)


@function_tool
async def get_weather(city: str) -> str:
    """The weather in a city."""
    CALLS.append({"name": "get_weather", "arguments": {"city": city}})
    return json.dumps({"sky": "clear"})


class Microphone(io.AudioInput):
    def __init__(self) -> None:
        super().__init__(label="microphone")
        self._blocks: asyncio.Queue[bytes] = asyncio.Queue()
        self._waits = asyncio.Event()

    async def __anext__(self) -> rtc.AudioFrame:
        if self._blocks.empty():
            self._waits.set()
        block = await self._blocks.get()
        return rtc.AudioFrame(block, sample_rate=24000, num_channels=1, samples_per_channel=len(block) // 2)

    async def hear(self, sound: bytes) -> None:
        """Returns when the session has taken all of it."""
        self._waits.clear()
        for piece in report.pieces(sound):
            self._blocks.put_nowait(piece)
        await self._waits.wait()


class Speaker(io.AudioOutput):
    """Plays at once, except in an answer that will be interrupted: that one plays until it is cleared."""

    def __init__(self, seen: report.Report, *, slow: bool) -> None:
        super().__init__(
            label="speaker", capabilities=io.AudioOutputCapabilities(pause=False), sample_rate=24000
        )
        self._report, self._slow = seen, slow
        self._held = 0

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)
        self._held += len(frame.data) * 2
        self._report.answers[-1].sound += bytes(frame.data)

    def flush(self) -> None:
        super().flush()
        if not self._slow:
            self._end(self._held / report.BYTES_PER_S, interrupted=False)

    def clear_buffer(self) -> None:
        self._end(HEARD_MS / 1000, interrupted=True)

    def _end(self, position_s: float, *, interrupted: bool) -> None:
        if self._held:
            self._held, self._slow = 0, False
            self.on_playback_finished(playback_position=position_s, interrupted=interrupted)


class Captions(io.TextOutput):
    def __init__(self, seen: report.Report, *, spoken: bool) -> None:
        super().__init__(label="captions", next_in_chain=None)
        self._report, self._spoken = seen, spoken

    async def capture_text(self, text: str) -> None:
        answer = self._report.answers[-1]
        if self._spoken:
            answer.transcript += text
        else:
            answer.text += text

    def flush(self) -> None:
        pass


class Model(realtime.RealtimeModel):
    """Keeps its one session, and what that session received."""

    report: report.Report
    opened: realtime.RealtimeSession

    def session(self, **options: Any) -> realtime.RealtimeSession:
        self.opened = super().session(**options)
        self.opened.on("openai_server_event_received", self._saw)
        return self.opened

    def _saw(self, message: dict[str, Any]) -> None:
        if message["type"] == "response.created":
            self.report.answers.append(report.Answer())
        self.report.saw(message)
        if message["type"] == "response.done":
            response, answer = message["response"], self.report.answers[-1]
            answer.status = response["status"]
            answer.error = ((response.get("status_details") or {}).get("error") or {}).get("code")


class Talk:
    def __init__(self, session: AgentSession, model: Model, microphone: Microphone) -> None:
        self.session, self.model, self.microphone = session, model, microphone
        self.report = model.report

    def failed(self, event: Any) -> None:
        body = getattr(event.error.error, "body", None)
        if getattr(body, "event_id", None):
            self.report.errors.append({"code": body.code, "param": body.param, "event_id": body.event_id})
        elif body is None:
            COMPLAINTS.append(f"{event.error.error!r} from {event.error.error.__cause__!r}")

    async def answered(self, times: int = 1) -> None:
        await report.heard(self.report, "response.done", times)
        await self.session.wait_for_idle()

    async def say(self, text: str) -> None:
        """Without instructions, the library sends null for them."""
        await self.session.generate_reply(user_input=text)

    async def hear(self, sound: bytes) -> None:
        await self.microphone.hear(sound)


async def text(talk: Talk) -> None:
    await talk.say("Hello from a client.")


async def push_to_talk(talk: Talk) -> None:
    await talk.hear(report.silence(0.2))  # a press that was taken back
    talk.session.clear_user_turn()
    await report.heard(talk.report, "input_audio_buffer.cleared")
    talk.report.sent += report.question()
    await talk.hear(report.question())
    talk.session.commit_user_turn()
    await talk.answered()


async def vad(talk: Talk) -> None:
    talk.report.sent += report.question()
    sound = _whole_blocks(report.question() + report.silence(1))
    talk.report.notes["silence"] = len(sound) - len(report.question())
    await talk.hear(sound)
    await talk.answered()


async def as_it_comes(talk: Talk) -> None:
    talk.report.sent += _whole_blocks(report.question() + report.silence(report.PAUSE_S))
    await talk.hear(bytes(talk.report.sent))
    await talk.answered()


async def interrupt(talk: Talk) -> None:
    talk.session.generate_reply(user_input="Tell me a long story.")
    answers = talk.report.answers
    await report.first(lambda: bool(answers) and len(answers[0].sound) >= report.BYTES_PER_S)
    await talk.session.interrupt()
    await report.heard(talk.report, "conversation.item.truncated")
    truncated = next(m for m in talk.report.messages if m["type"] == "conversation.item.truncated")
    talk.report.truncated.append([truncated["item_id"], truncated["audio_end_ms"]])
    await talk.say("Hello again.")


async def tool(talk: Talk) -> None:
    await talk.say("What is the weather like in Paris?")
    await talk.answered(2)
    talk.report.answers[0].calls = CALLS  # the session made them while the first answer ended


async def error(talk: Talk) -> None:
    wrong = {**conversations.settings("ga", audio=False), "colour": "green"}
    for number, message in enumerate(
        (
            {"type": "session.update", "session": wrong},
            {"type": "input_audio_buffer.commit"},
            {"type": "response.cancel"},
        ),
        1,
    ):
        talk.model.opened.send_event({**message, "event_id": f"mine_{number}"})
        await report.heard(talk.report, "error", number)
    await talk.say("Please refuse this.")
    await talk.say("Hello, still there?")


_EVERY = (text, push_to_talk, vad, as_it_comes, interrupt, tool, error)
CONVERSATIONS = {each.__name__.replace("_", "-"): each for each in _EVERY}


def _whole_blocks(sound: bytes) -> bytes:
    return sound[: len(sound) - len(sound) % (report.BYTES_PER_S * BLOCK_MS // 1000)]


async def hold(url: str, name: str, seen: report.Report) -> None:
    COMPLAINTS.clear()
    settings: dict[str, Any] = {} if name == "as-it-comes" else {"turn_detection": None}
    if name == "vad":
        settings["turn_detection"] = ServerVad(**conversations.SERVER_VAD)
    if name not in SPOKEN:
        settings["modalities"] = ["text"]
    model = Model(
        model=conversations.MODEL,
        api_key=conversations.KEY,
        base_url=url,
        conn_options=APIConnectOptions(max_retry=0),
        **settings,
    )
    model.report = seen
    by = "realtime_llm" if name in ("vad", "as-it-comes") else "manual"
    # all that the library itself could detect is off: it needs models
    turns = {"turn_detection": by, "interruption": {"resume_false_interruption": False}}
    session: AgentSession = AgentSession(llm=model, vad=None, turn_handling=turns)
    microphone = Microphone()
    if name in SPOKEN:
        session.input.audio = microphone
        session.output.audio = Speaker(seen, slow=name == "interrupt")
    session.output.transcription = Captions(seen, spoken=name in SPOKEN)
    talk = Talk(session, model, microphone)
    session.on("error", talk.failed)
    agent = Agent(instructions=conversations.INSTRUCTIONS, tools=[get_weather] if name == "tool" else [])
    await session.start(agent)
    try:
        await report.first(lambda: bool(COMPLAINTS) or report.has(seen, "session.updated"))
        if not COMPLAINTS:
            await CONVERSATIONS[name](talk)
    finally:
        await session.aclose()
        await model.aclose()
    if COMPLAINTS:
        raise RuntimeError(f"the library complains: {COMPLAINTS}")


if __name__ == "__main__":
    logging.getLogger("livekit").addHandler(Complaints(logging.WARNING))
    report.main(hold)
