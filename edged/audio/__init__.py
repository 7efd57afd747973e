"""Sound: from the microphone into the utterance log, from the answer to the speaker."""
