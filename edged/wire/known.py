"""What a client knows of the objects inside a server's messages: these fields, and nothing is built of any other.

Rules:
1. Where services differ in the type of a value it may be any, and who reads it looks: no error, no confirmed session
   is missed because one of its values is an object or a list where another service has a word.
2. Of what nobody reads (a tool's parameters, the sound of an item, metadata, variables) nothing is built, and of what
   stands in the place of another value no more than one level.

Not here: the messages themselves (forms.py).
"""

from typing import TypedDict

Scalar = bool | int | float | str | None


class Nothing(TypedDict, total=False):
    """An object of which nothing is read."""


_List = list[Nothing | Scalar]
_Other = _List | Scalar  # where an object is wanted
_Value = Nothing | _Other


# -- what a session is set up with, in either dialect ----------------------------------------------------


class _Format(TypedDict, total=False):
    type: _Value
    rate: _Value


class _Detection(TypedDict, total=False):
    type: _Value
    threshold: _Value
    prefix_padding_ms: _Value
    silence_duration_ms: _Value
    create_response: _Value
    interrupt_response: _Value
    eagerness: _Value
    idle_timeout_ms: _Value


class _Transcription(TypedDict, total=False):
    model: _Value
    language: _Value
    prompt: _Value
    languages: _Value
    keywords: _Value
    delay: _Value


class _NoiseReduction(TypedDict, total=False):
    type: _Value
    strength: _Value


class _Named(TypedDict, total=False):
    """A voice, a choice of tool, a prompt, reasoning: what says which by name."""

    type: _Value
    id: _Value
    name: _Value
    version: _Value
    effort: _Value
    summary: _Value
    mode: _Value
    server_label: _Value


class _Limits(TypedDict, total=False):
    post_instructions: _Value


class _Truncation(TypedDict, total=False):
    type: _Value
    retention_ratio: _Value
    token_limits: _Limits | _Other


class _Tool(TypedDict, total=False):
    type: _Value
    name: _Value
    server_label: _Value


class _Input(TypedDict, total=False):
    format: _Format | _Other
    turn_detection: _Detection | _Other
    transcription: _Transcription | _Other
    noise_reduction: _NoiseReduction | _Other


class _Output(TypedDict, total=False):
    format: _Format | _Other
    voice: _Named | _Other
    speed: _Value


class _Audio(TypedDict, total=False):
    input: _Input | _Other
    output: _Output | _Other


class Session(TypedDict, total=False):
    """What is compared with what was asked, and what tells the dialect and the end."""

    type: _Value
    object: _Value
    id: _Value
    model: _Value
    expires_at: _Value
    instructions: _Value
    tools: list[_Tool | _Other] | Nothing | Scalar
    tool_choice: _Named | _Other
    temperature: _Value
    prompt: _Named | _Other
    # GA
    audio: _Audio | _Other
    output_modalities: _Value
    max_output_tokens: _Value
    truncation: _Truncation | _Other
    reasoning: _Named | _Other
    parallel_tool_calls: _Value
    # beta
    modalities: _Value
    voice: _Named | _Other
    speed: _Value
    input_audio_format: _Format | _Other
    output_audio_format: _Format | _Other
    turn_detection: _Detection | _Other
    input_audio_transcription: _Transcription | _Other
    input_audio_noise_reduction: _NoiseReduction | _Other
    max_response_output_tokens: _Value


# -- items, what they cost, what went wrong --------------------------------------------------------------


class Content(TypedDict, total=False):
    type: _Value
    text: _Value
    transcript: _Value


class Item(TypedDict, total=False):
    id: _Value
    object: _Value
    type: _Value
    role: _Value
    status: _Value
    name: _Value
    call_id: _Value
    arguments: _Value
    output: _Value
    content: list[Content | _Other] | Nothing | Scalar


class _Cached(TypedDict, total=False):
    text_tokens: _Value
    audio_tokens: _Value
    image_tokens: _Value
    text: _Value
    audio: _Value
    image: _Value


class _Details(TypedDict, total=False):
    text_tokens: _Value
    audio_tokens: _Value
    image_tokens: _Value
    cached_tokens: _Value
    reasoning_tokens: _Value
    cached_tokens_details: _Cached | _Other


class Usage(TypedDict, total=False):
    """The names that usage.py counts by."""

    type: _Value
    total_tokens: _Value
    input_tokens: _Value
    output_tokens: _Value
    prompt_tokens: _Value
    completion_tokens: _Value
    cached_tokens: _Value
    reasoning_tokens: _Value
    seconds: _Value
    duration: _Value
    input_audio_seconds: _Value
    output_audio_seconds: _Value
    input_token_details: _Details | _Other
    output_token_details: _Details | _Other
    input_tokens_details: _Details | _Other
    output_tokens_details: _Details | _Other
    prompt_tokens_details: _Details | _Other
    completion_tokens_details: _Details | _Other


class Limit(TypedDict, total=False):
    name: _Value
    limit: _Value
    remaining: _Value
    reset_seconds: _Value


class Error(TypedDict, total=False):
    type: _Value
    code: _Value
    param: _Value
    event_id: _Value
    message: _Value


class ErrorName(TypedDict, total=False):
    """An error without its words."""

    type: _Value
    code: _Value
    param: _Value
    event_id: _Value


class Conversation(TypedDict, total=False):
    id: _Value
