"""Programs that measure edged, break it, or simulate its environment: bench, lab, peers, rigs. No unit tests."""
