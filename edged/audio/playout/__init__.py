"""The way down: answers in the order and at the time in which they are heard, and the cues between them.

This package knows answers, their jitter buffer, the prediction of its start (docs/playout.md), and what was
really played. Not here: the device that takes the sound (devices/), which answer is wanted (link/session/),
and what a cue stands for (causes).
"""
