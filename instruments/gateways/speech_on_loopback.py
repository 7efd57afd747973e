"""speech-to-speech, with its own server, session and pipeline, and with stand-ins for its models. It loads no weights.

The detector hears speech while it is loud, and the end of it after half a second of silence. As with the real one, a
commit ends nothing. The transcriber writes the length of what it was given to the file `heard`, one JSON object on each
line. The language model always gives the same answer, and its voice is a tone of two seconds.

    speech_on_loopback.py PORT
"""

import json
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from typing import Any

import numpy as np
from speech_to_speech.api.openai_realtime.pipeline_unit import PipelineUnit
from speech_to_speech.api.openai_realtime.server import RealtimeServer
from speech_to_speech.api.openai_realtime.service import RealtimeService
from speech_to_speech.baseHandler import BaseHandler
from speech_to_speech.LLM.lm_output_processor import LMOutputProcessor
from speech_to_speech.pipeline.cancel_scope import CancelScope
from speech_to_speech.pipeline.events import SpeechStartedEvent, SpeechStoppedEvent
from speech_to_speech.pipeline.messages import (
    AUDIO_RESPONSE_DONE,
    AssistantTextPart,
    EndOfResponse,
    GenerateResponseRequest,
    LLMResponseChunk,
    Transcription,
)
from speech_to_speech.STT.transcription_notifier import TranscriptionNotifier

RATE_HZ = 16_000  # of the pipeline
LOUD = 500  # of 32767
SILENCE_MS = 500
TONE_HZ = 500
CHUNK = RATE_HZ // 10


class Ears(BaseHandler):
    """Detector and transcriber."""

    def setup(self, events: "Queue[Any]") -> None:
        self._events = events
        self.on_session_end()

    def on_session_end(self) -> None:
        self._speech: list[bytes] = []
        self._silent_ms = self._heard_ms = 0.0

    def process(self, heard: Any) -> Iterator[Transcription]:
        chunk, _ = heard
        ms = len(chunk) / 2 / RATE_HZ * 1000
        self._heard_ms += ms
        loud = bool(np.abs(np.frombuffer(chunk, np.int16).astype(int)).mean() > LOUD)
        if loud and not self._speech:
            self._events.put(SpeechStartedEvent(audio_start_ms=int(self._heard_ms)))
        if not loud and not self._speech:
            return
        self._speech.append(chunk)
        self._silent_ms = 0.0 if loud else self._silent_ms + ms
        if self._silent_ms >= SILENCE_MS:
            yield self._transcribed()

    def _transcribed(self) -> Transcription:
        sound = b"".join(self._speech)
        ms = len(sound) / 2 / RATE_HZ * 1000 - self._silent_ms
        self._speech, self._silent_ms = [], 0.0
        with Path("heard").open("a") as file:
            file.write(json.dumps({"ms": round(ms)}) + "\n")
        self._events.put(SpeechStoppedEvent(duration_s=ms / 1000, audio_end_ms=int(self._heard_ms)))
        return Transcription(text=f"Somebody spoke for {ms:.0f} milliseconds.")


class Brain(BaseHandler):
    """The language model."""

    def setup(self, cancel_scope: CancelScope) -> None:
        self.cancel_scope = cancel_scope

    def process(self, request: GenerateResponseRequest) -> Iterator[Any]:
        about = {
            "turn_id": request.turn_id,
            "turn_revision": request.turn_revision,
            "response_key": request.response_key,
            "cancel_generation": self.cancel_scope.generation,
        }
        yield LLMResponseChunk(
            parts=[AssistantTextPart(text="This is a tone.")],
            runtime_config=request.runtime_config,
            response=request.response,
            **about,
        )
        yield EndOfResponse(**about)


class Mouth(BaseHandler):
    """The voice."""

    def setup(self, cancel_scope: CancelScope) -> None:
        self.cancel_scope = cancel_scope

    def process(self, said: Any) -> Iterator[Any]:
        if isinstance(said, EndOfResponse):
            yield AUDIO_RESPONSE_DONE
            return
        wave = np.sin(np.arange(2 * RATE_HZ) * 2 * np.pi * TONE_HZ / RATE_HZ) * 8000
        tone = wave.astype(np.int16)
        for start in range(0, len(tone), CHUNK):
            yield tone[start : start + CHUNK]


def unit(stop: threading.Event) -> PipelineUnit:
    listening, playing, cancelled = threading.Event(), threading.Event(), CancelScope()
    heard, transcribed, prompts, answers, voiced, spoken, events = (Queue() for _ in range(7))
    scope = {"cancel_scope": cancelled}
    handlers = [
        Ears(stop, heard, transcribed, setup_kwargs={"events": events}),
        TranscriptionNotifier(
            stop, transcribed, prompts, setup_kwargs={"text_output_queue": events, "should_listen": listening}
        ),
        Brain(stop, prompts, answers, setup_kwargs=scope),
        LMOutputProcessor(stop, answers, voiced, setup_kwargs={"text_output_queue": events}),
        Mouth(stop, voiced, spoken, setup_kwargs=scope),
    ]
    return PipelineUnit(
        index=0,
        service=RealtimeService(text_prompt_queue=prompts, should_listen=listening),
        cancel_scope=cancelled,
        should_listen=listening,
        response_playing=playing,
        input_queue=heard,
        output_queue=spoken,
        text_output_queue=events,
        text_prompt_queue=prompts,
        handlers=handlers,
    )


if __name__ == "__main__":
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    pipeline = unit(stopped)
    threads = [threading.Thread(target=handler.run) for handler in pipeline.handlers]
    for thread in threads:
        thread.start()
    RealtimeServer(stopped, [pipeline], host="127.0.0.1", port=int(sys.argv[1])).run()
    for thread in threads:
        thread.join()
