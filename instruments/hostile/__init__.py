"""What a service may send to cost a kiosk its memory, and a service that sends it; for tests/kiosk/test_memory.py."""
