"""Messages of real services, as other projects have published them."""

XAI_GREETING = {
    "id": "065d",
    "object": "realtime.session",
    "instructions": "",
    "voice": "xai_ara",
    "modalities": ["audio"],
    "turn_detection": {"type": None},
    "tools": [],
    "model": "grok-voice-think-fast-2.0",
}
"""The session with which xAI greeted in autumn 2026."""
