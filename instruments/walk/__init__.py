"""How many calls, files and moves between files a press, a wake, a delta and a take need; `scripts/walk`."""
