"""One attempt to connect to a service, shared by the daemon, the relay and the public client.

This package knows the providers and their addresses, the handshake and its refusals, the rule of dialects, and a
connection while it lasts. Not here: when to try again, the messages on the connection, the memory over restarts.
"""
