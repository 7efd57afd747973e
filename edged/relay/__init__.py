"""The relay: it serves realtime clients that have no key, and reaches the service with a key of its own.

This package knows which clients may come in, and carries messages between two connections. It does not know the daemon
and its configuration.
"""
