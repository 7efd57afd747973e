"""The front of the kiosk: the button and the light.

Knows contacts, gestures, patterns of light, and an adapter for each kind of both. Not here: what a press means (turn/).
"""
