"""The way up: blocks from the microphone become pre-roll and utterances.

This package knows blocks of PCM, the gate as it is set, and the cursor at which the link reads. Not here: the
device and its thread (devices/), when the gate opens (turn/), and how an utterance is sent (link/).
"""
