"""What keeps one session with the service alive, for ever.

Knows connections that come and go: when a silent one is dead, when one is renewed before its session ends, what is sent
again on the next. Not here: one attempt (dial/), what messages mean (session/), when to try again (retry), the turn.
"""
