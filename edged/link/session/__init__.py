"""The meaning of one session's messages: which commit, response or answer each is about, and what may be asked next.

Pure: events in, events and messages out. Not here: the connection (link/), the spelling of messages (wire/), when to
ask for an answer (turn/).
"""
