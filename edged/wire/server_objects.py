"""What a client knows of the objects inside a server's messages: these fields, and nothing is built of any other.

Rules:
1. Where services differ in the type of a value it may be any, and who reads it looks: no error, no confirmed session
   is missed because one of its values is an object or a list where another service has a word.
2. Of what nobody reads (a tool's parameters, the sound of an item, metadata, variables) nothing is built, and of what
   stands in the place of another value no more than one level.

Not here: the messages themselves (server_messages.py).
"""

from typing import TypedDict

Scalar = bool | int | float | str | None


class EmptyObject(TypedDict, total=False):
    """An object of which nothing is read."""


_List = list[EmptyObject | Scalar]
_Other = _List | Scalar  # where an object is wanted
Value = EmptyObject | _Other


# -- what a session is set up with, in either dialect ----------------------------------------------------


class _Format(TypedDict, total=False):
    type: Value
    rate: Value


class _Detection(TypedDict, total=False):
    type: Value
    threshold: Value
    prefix_padding_ms: Value
    silence_duration_ms: Value
    create_response: Value
    interrupt_response: Value
    eagerness: Value
    idle_timeout_ms: Value


class _Transcription(TypedDict, total=False):
    model: Value
    language: Value
    prompt: Value
    languages: Value
    keywords: Value
    delay: Value


class _NoiseReduction(TypedDict, total=False):
    type: Value
    strength: Value


class _Named(TypedDict, total=False):
    """A voice, a choice of tool, a prompt, reasoning: what says which by name."""

    type: Value
    id: Value
    name: Value
    version: Value
    effort: Value
    summary: Value
    mode: Value
    server_label: Value


class _Limits(TypedDict, total=False):
    post_instructions: Value


class _Truncation(TypedDict, total=False):
    type: Value
    retention_ratio: Value
    token_limits: _Limits | _Other


class _Tool(TypedDict, total=False):
    type: Value
    name: Value
    server_label: Value


class _Input(TypedDict, total=False):
    format: _Format | _Other
    turn_detection: _Detection | _Other
    transcription: _Transcription | _Other
    noise_reduction: _NoiseReduction | _Other


class _Output(TypedDict, total=False):
    format: _Format | _Other
    voice: _Named | _Other
    speed: Value


class _Audio(TypedDict, total=False):
    input: _Input | _Other
    output: _Output | _Other


class SessionObject(TypedDict, total=False):
    """What is compared with what was asked, and what tells the dialect and the end."""

    type: Value
    object: Value
    id: Value
    model: Value
    expires_at: Value
    instructions: Value
    tools: list[_Tool | _Other] | EmptyObject | Scalar
    tool_choice: _Named | _Other
    temperature: Value
    prompt: _Named | _Other
    # GA
    audio: _Audio | _Other
    output_modalities: Value
    max_output_tokens: Value
    truncation: _Truncation | _Other
    reasoning: _Named | _Other
    parallel_tool_calls: Value
    # beta
    modalities: Value
    voice: _Named | _Other
    speed: Value
    input_audio_format: _Format | _Other
    output_audio_format: _Format | _Other
    turn_detection: _Detection | _Other
    input_audio_transcription: _Transcription | _Other
    input_audio_noise_reduction: _NoiseReduction | _Other
    max_response_output_tokens: Value


# -- items, what they cost, what went wrong --------------------------------------------------------------


class ContentObject(TypedDict, total=False):
    type: Value
    text: Value
    transcript: Value


class ItemObject(TypedDict, total=False):
    id: Value
    object: Value
    type: Value
    role: Value
    status: Value
    name: Value
    call_id: Value
    arguments: Value
    output: Value
    content: list[ContentObject | _Other] | EmptyObject | Scalar


class _Cached(TypedDict, total=False):
    text_tokens: Value
    audio_tokens: Value
    image_tokens: Value
    text: Value
    audio: Value
    image: Value


class _Details(TypedDict, total=False):
    text_tokens: Value
    audio_tokens: Value
    image_tokens: Value
    cached_tokens: Value
    reasoning_tokens: Value
    cached_tokens_details: _Cached | _Other


class UsageObject(TypedDict, total=False):
    """The names that usage.py counts by."""

    type: Value
    total_tokens: Value
    input_tokens: Value
    output_tokens: Value
    prompt_tokens: Value
    completion_tokens: Value
    cached_tokens: Value
    reasoning_tokens: Value
    seconds: Value
    duration: Value
    input_audio_seconds: Value
    output_audio_seconds: Value
    input_token_details: _Details | _Other
    output_token_details: _Details | _Other
    input_tokens_details: _Details | _Other
    output_tokens_details: _Details | _Other
    prompt_tokens_details: _Details | _Other
    completion_tokens_details: _Details | _Other


class RateLimitObject(TypedDict, total=False):
    name: Value
    limit: Value
    remaining: Value
    reset_seconds: Value


class ErrorObject(TypedDict, total=False):
    type: Value
    code: Value
    param: Value
    event_id: Value
    message: Value


class ErrorHeadObject(TypedDict, total=False):
    """An error without its words."""

    type: Value
    code: Value
    param: Value
    event_id: Value


class ConversationObject(TypedDict, total=False):
    id: Value
