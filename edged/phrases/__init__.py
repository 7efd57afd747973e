"""What the kiosk says to visitors when something is in the way: texts, their sound, and when to say which."""
