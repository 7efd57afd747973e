"""The kiosk at an MQTT broker: its state, its turns and its usage, and commands if they are allowed (docs/mqtt.md).

Rules:
1. What is published follows from what is known of the kiosk: `topics.py`, `messages.py`, `finished_turns.py` and
   `discovery.py` are pure. So is what a command means, and whether it may be carried out: `commands.py`.
2. `outbox.py` keeps what is to be published while there is no broker. It is bounded.
3. Only `broker.py` knows the library. `mqtt_part.py` drives all of it; `readings.py` reads the machine.
4. No command opens the microphone for speech. The table of commands has none that could, and a test holds that.
"""
