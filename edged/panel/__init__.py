"""The front of the kiosk: the button and the light."""
