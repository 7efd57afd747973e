"""What visitors and the service have said, in files: for an operator who has asked for it (docs/privacy.md).

Rules:
1. One line of JSON for each question and its answer (exchange.py), in one file for each day (day_files.py).
2. A file is deleted when it is too old. Its age needs no clock that is right (retention.py).
3. No file stays open, so a file that somebody has deleted takes no further line (folder.py).

Not here: who asks for transcripts, when to write, and the journal.
"""
