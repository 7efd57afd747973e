"""The second and the third program of portkey-ai's page on its realtime API, with the address changed and nothing else.

The first program of the page fails in portkey-ai itself, before it reaches any service.
"""

import asyncio
import json
import sys

import conversations
from portkey_ai import AsyncPortkey, Portkey

URL = sys.argv[1]
ADDRESS = {"base_url": conversations.http_of(URL), "websocket_base_url": conversations.base_of(URL)}


def second_program():
    async def create_realtime_session():
        portkey = AsyncPortkey(api_key="PORTKEY_API_KEY", virtual_key="VIRTUAL_KEY", **ADDRESS)

        # Create session asynchronously
        session = await portkey.beta.realtime.sessions.create(
            model="gpt-4-realtime-preview",
            modalities=["text", "audio"],
            instructions="You are a voice assistant for customer support.",
            voice="nova",
            temperature=0.7,
            max_response_output_tokens=150,
        )

        # Establish async connection
        connection = portkey.beta.realtime.connect(model="gpt-4-realtime-preview")

        return session, connection

    # Run async function
    session, _connection = asyncio.run(create_realtime_session())
    return session


def third_program():
    portkey = Portkey(api_key="PORTKEY_API_KEY", virtual_key="VIRTUAL_KEY", **ADDRESS)
    # Configure detailed session parameters
    return portkey.beta.realtime.sessions.create(
        model="gpt-4-realtime-preview",
        modalities=["text", "audio"],
        instructions="""
        You are an AI assistant for a language learning app.
        Help users practice pronunciation and provide feedback.
        Speak clearly and at a moderate pace.
        """,
        voice="shimmer",
        input_audio_format="pcm16",
        output_audio_format="pcm16",
        input_audio_transcription={"model": "whisper-1"},
        turn_detection={
            "type": "server_vad",
            "threshold": 0.6,
            "prefix_padding_ms": 300,
            "silence_duration_ms": 500,
        },
        tools=[
            {
                "type": "function",
                "name": "pronunciation_feedback",
                "description": "Provide pronunciation feedback",
                "parameters": {
                    "type": "object",
                    "properties": {
                        "word": {"type": "string"},
                        "accuracy": {"type": "number"},
                        "feedback": {"type": "string"},
                    },
                },
            }
        ],
        tool_choice="auto",
        temperature=0.3,
        max_response_output_tokens=100,
    )


if __name__ == "__main__":
    for program in (second_program, third_program):
        sys.stdout.write(json.dumps(program().model_dump(exclude_unset=True)) + "\n")
