"""The way up: what a microphone hands over becomes pre-roll and utterances.

Knows blocks of PCM, the gate as it is told, and the cursor that the link reads at. Not here: the device and its thread
(devices/), when the gate opens (turn/), how an utterance is sent (link/).
"""
