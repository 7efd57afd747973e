"""Messages that could cost a kiosk its memory, and a service that sends them; for tests/kiosk/test_memory.py."""
