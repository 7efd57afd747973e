"""The relay: on one side realtime clients without a key, on the other the service, reached with the relay's key.

This room knows which clients may come in, and carries messages between two connections. It does not know the daemon
and its configuration.
"""
