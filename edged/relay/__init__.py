"""The relay: realtime clients without a key on one side, the service with the relay's key on the other."""
