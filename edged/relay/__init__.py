"""The relay: realtime clients without a key on one side, the service with the relay's key on the other.

Knows whom it lets in, and carries messages between two connections. Not here: the daemon and its configuration.
"""
