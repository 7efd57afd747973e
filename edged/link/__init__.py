"""Keeps a session with the service alive, over one connection after the other.

This package decides when a silent connection is dead, when to renew a session before it ends, and what to send again on
the next connection. Not here: one attempt (dial/), the meaning of messages (session/), when to try again (retry), the
turn.
"""
