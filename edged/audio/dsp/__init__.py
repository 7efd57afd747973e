"""What changes samples: their rate and width, their level, the echo in them.

Knows arrays of samples, blocks, and the delay between two of them. Not here: where they come from and where they go.
"""
