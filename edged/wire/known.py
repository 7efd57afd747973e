"""What a client knows of the objects inside a server's messages: these fields, and nothing is built of any other.

Rules:
1. Where services differ in the type of a value it is any scalar, and who reads it looks.
2. Of what nobody reads (a tool's parameters, the sound of an item, metadata, variables) nothing is built.

Not here: the messages themselves (forms.py).
"""

from typing import TypedDict

Scalar = bool | int | float | str | None


# -- what a session is set up with, in either dialect ----------------------------------------------------


class _Format(TypedDict, total=False):
    type: Scalar
    rate: Scalar


class _Detection(TypedDict, total=False):
    type: Scalar
    threshold: Scalar
    prefix_padding_ms: Scalar
    silence_duration_ms: Scalar
    create_response: Scalar
    interrupt_response: Scalar
    eagerness: Scalar
    idle_timeout_ms: Scalar


class _Transcription(TypedDict, total=False):
    model: Scalar
    language: Scalar
    prompt: Scalar
    languages: list[Scalar] | Scalar
    keywords: list[Scalar] | Scalar
    delay: Scalar


class _NoiseReduction(TypedDict, total=False):
    type: Scalar
    strength: Scalar


class _Named(TypedDict, total=False):
    """A voice, a choice of tool, a prompt, reasoning: what says which by name."""

    type: Scalar
    id: Scalar
    name: Scalar
    version: Scalar
    effort: Scalar
    summary: Scalar
    mode: Scalar
    server_label: Scalar


class _Limits(TypedDict, total=False):
    post_instructions: Scalar


class _Truncation(TypedDict, total=False):
    type: Scalar
    retention_ratio: Scalar
    token_limits: _Limits | Scalar


class _Tool(TypedDict, total=False):
    type: Scalar
    name: Scalar
    server_label: Scalar


class _Input(TypedDict, total=False):
    format: _Format | Scalar
    turn_detection: _Detection | Scalar
    transcription: _Transcription | Scalar
    noise_reduction: _NoiseReduction | Scalar


class _Output(TypedDict, total=False):
    format: _Format | Scalar
    voice: _Named | Scalar
    speed: Scalar


class _Audio(TypedDict, total=False):
    input: _Input | Scalar
    output: _Output | Scalar


class Session(TypedDict, total=False):
    """What is compared with what was asked, and what tells the dialect and the end."""

    type: Scalar
    object: Scalar
    id: Scalar
    model: Scalar
    expires_at: Scalar
    instructions: Scalar
    tools: list[_Tool | Scalar] | Scalar
    tool_choice: _Named | Scalar
    temperature: Scalar
    prompt: _Named | Scalar
    # GA
    audio: _Audio | Scalar
    output_modalities: list[Scalar] | Scalar
    max_output_tokens: Scalar
    truncation: _Truncation | Scalar
    reasoning: _Named | Scalar
    parallel_tool_calls: Scalar
    # beta
    modalities: list[Scalar] | Scalar
    voice: _Named | Scalar
    speed: Scalar
    input_audio_format: _Format | Scalar
    output_audio_format: _Format | Scalar
    turn_detection: _Detection | Scalar
    input_audio_transcription: _Transcription | Scalar
    input_audio_noise_reduction: _NoiseReduction | Scalar
    max_response_output_tokens: Scalar


# -- items, what they cost, what went wrong --------------------------------------------------------------


class Content(TypedDict, total=False):
    type: Scalar
    text: Scalar
    transcript: Scalar


class Nothing(TypedDict, total=False):
    """An object of which nothing is read."""


class Item(TypedDict, total=False):
    id: Scalar
    object: Scalar
    type: Scalar
    role: Scalar
    status: Scalar
    name: Scalar
    call_id: Scalar
    arguments: Nothing | Scalar
    output: Nothing | Scalar
    content: list[Content | Scalar] | Scalar


class _Cached(TypedDict, total=False):
    text_tokens: Scalar
    audio_tokens: Scalar
    image_tokens: Scalar
    text: Scalar
    audio: Scalar
    image: Scalar


class _Details(TypedDict, total=False):
    text_tokens: Scalar
    audio_tokens: Scalar
    image_tokens: Scalar
    cached_tokens: Scalar
    reasoning_tokens: Scalar
    cached_tokens_details: _Cached | Scalar


class Usage(TypedDict, total=False):
    """The names that usage.py counts by."""

    type: Scalar
    total_tokens: Scalar
    input_tokens: Scalar
    output_tokens: Scalar
    prompt_tokens: Scalar
    completion_tokens: Scalar
    cached_tokens: Scalar
    reasoning_tokens: Scalar
    seconds: Scalar
    duration: Scalar
    input_audio_seconds: Scalar
    output_audio_seconds: Scalar
    input_token_details: _Details | Scalar
    output_token_details: _Details | Scalar
    input_tokens_details: _Details | Scalar
    output_tokens_details: _Details | Scalar
    prompt_tokens_details: _Details | Scalar
    completion_tokens_details: _Details | Scalar


class Limit(TypedDict, total=False):
    name: Scalar
    limit: Scalar
    remaining: Scalar
    reset_seconds: Scalar


class Error(TypedDict, total=False):
    type: Scalar
    code: Scalar
    param: Scalar
    event_id: Scalar
    message: Nothing | Scalar


class ErrorName(TypedDict, total=False):
    """An error without its words."""

    type: Scalar
    code: Scalar
    param: Scalar
    event_id: Scalar


class Conversation(TypedDict, total=False):
    id: Scalar
