"""Sound: from the microphone into the log of utterances, and from an answer to the speaker.

`ports` says what a device is; `capture/` is the way up, `playout/` the way down, `devices/` the adapters and their
threads, `dsp/` what changes samples. Not here: the connection to the service, and who may speak.
"""
