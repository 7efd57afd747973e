"""pipecat as a voice client on a card: its local audio transport and its client of the service, and nothing else.

/opt/pipecat/bin/python -m instruments.bench.card.pipecat_client DEVICE URL
"""

import asyncio
import sys

import pyaudio
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.runner import PipelineRunner
from pipecat.pipeline.task import PipelineParams, PipelineTask
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
from pipecat.services.openai.realtime.llm import OpenAIRealtimeLLMService
from pipecat.transports.local.audio import LocalAudioTransport, LocalAudioTransportParams

RATE_HZ = 24000


def index_of(name: str) -> int:
    audio = pyaudio.PyAudio()
    try:
        named = {audio.get_device_info_by_index(n)["name"]: n for n in range(audio.get_device_count())}
    finally:
        audio.terminate()
    return named[name]


async def main(device: str, url: str) -> None:
    index = index_of(device)
    transport = LocalAudioTransport(
        LocalAudioTransportParams(
            audio_in_enabled=True,
            audio_out_enabled=True,
            audio_in_sample_rate=RATE_HZ,
            audio_out_sample_rate=RATE_HZ,
            input_device_index=index,
            output_device_index=index,
        )
    )
    service = OpenAIRealtimeLLMService(api_key="none", base_url=url)
    aggregators = LLMContextAggregatorPair(LLMContext([{"role": "user", "content": "Answer."}]))
    pipeline = Pipeline(
        [transport.input(), aggregators.user(), service, transport.output(), aggregators.assistant()]
    )
    params = PipelineParams(audio_in_sample_rate=RATE_HZ, audio_out_sample_rate=RATE_HZ)
    task = PipelineTask(pipeline, params=params, idle_timeout_secs=None)

    @task.event_handler("on_pipeline_started")
    async def started(_task: object, _frame: object) -> None:
        print("READY", flush=True)

    await PipelineRunner().run(task)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
