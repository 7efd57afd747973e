"""Sound: from the microphone to the log of utterances, and from an answer to the speaker.

`ports` defines what a device is. `capture/` carries sound up from the microphone, and `playout/` carries it
down to the speaker. `devices/` has the adapters and their threads, and `dsp/` changes samples. Not here:
the connection to the service, and who may speak.
"""
