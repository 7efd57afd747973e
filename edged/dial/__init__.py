"""What everybody who dials a realtime service has to agree on. Pure: who dials, waits and remembers is elsewhere."""
