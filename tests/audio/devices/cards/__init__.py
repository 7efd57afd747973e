"""Sound cards as people have them, for the tests: a plugin for ALSA, the kernel's trees, and a table of cards."""
