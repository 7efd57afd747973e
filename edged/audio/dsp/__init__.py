"""Changes to samples: their rate and width, their level, and the echo in them.

This package knows arrays of samples, blocks, and the delay between two of them. Not here: where sound comes
from and where it goes.
"""
