"""What a service may send to cost a kiosk its memory, and a service that sends it. Used by tests/test_memory.py."""
