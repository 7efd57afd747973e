"""The shapes of the objects inside a server's messages, as a client reads them. Only the fields named here are built.

Rules:
1. Services differ in the types of values. So a value may have any type, and its reader checks it. No error and no
   confirmed session is missed because a service sends an object or a list where others send a word.
2. Fields that edged does not read (a tool's parameters, the sound of an item, metadata, variables) are not built. Of an
   object or a list where another type is expected, only one level is built.

Not here: the messages themselves (server_messages.py).
"""

from typing import TypedDict

Scalar = bool | int | float | str | None


class EmptyObject(TypedDict, total=False):
    """An object whose fields are not read."""


_List = list[EmptyObject | Scalar]
_Other = _List | Scalar  # what some services send where others send an object
Value = EmptyObject | _Other


# -- the settings of a session, in both dialects ---------------------------------------------------------


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
    """A voice, a choice of tool, a prompt or reasoning: an object that names something."""

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
    """The settings, which are compared with those asked for, and the fields that show the dialect and the end."""

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


# -- items, usage, errors --------------------------------------------------------------------------------


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
    """The fields that usage.py reads."""

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
    """An error without its message."""

    type: Value
    code: Value
    param: Value
    event_id: Value


class ConversationObject(TypedDict, total=False):
    id: Value
