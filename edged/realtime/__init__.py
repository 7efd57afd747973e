"""The line: sessions with a realtime speech service, and what keeps them alive."""
