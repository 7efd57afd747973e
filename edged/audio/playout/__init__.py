"""The way down: the sound of answers, in the order and at the time in which it is heard, and the cues between them.

Knows answers, their jitter buffer, what predicts its start (docs/playout.md), and what was really played. Not here: the
device that takes it (devices/), which answer is wanted (link/session/), what a cue stands for (causes).
"""
