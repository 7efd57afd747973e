"""The companion: a program beside the kiosk for whatever people or other programs look at from elsewhere.

It knows a kiosk by its control socket alone. Its trouble (a slow browser, a dead broker, a full disk) ends here.

1. What is shown follows from the events of the kiosk (`kiosk_view.py`). It is pure, and so is what becomes of it: the
   page (`page/`), metrics (`metrics/`), MQTT messages (`mqtt/`).
2. `follower.py` is the one connection to the kiosk. It finds a kiosk again that was restarted.
3. Each part gets the port `KnownKiosk`, and runs until it is cancelled (`ports.py`).
4. Nothing here opens the microphone, except the button of the page: on this machine only, and only if the configuration
   allows it. The core checks that, too.
"""
