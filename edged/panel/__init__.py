"""The button and the lamp of a kiosk.

Knows contacts, gestures, light patterns, and an adapter for each kind of button and lamp. Not here: what a press means
(turn/).
"""
