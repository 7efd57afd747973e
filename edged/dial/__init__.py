"""One attempt at a service, and what all who make one agree on: the daemon, the relay and the public client.

Knows providers and their addresses, the handshake and its refusals, the rule of dialects, and a connection while it
lasts. Not here: when to try again, what is said on the connection, what is remembered over restarts.
"""
