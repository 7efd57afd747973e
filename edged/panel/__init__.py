"""The button and the light of a kiosk.

Knows contacts, gestures, patterns of light, and an adapter for each kind of both. Not here: what a press means (turn/).
"""
