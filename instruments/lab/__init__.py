"""The laboratory: the whole daemon in virtual time, over a simulated network. Not shipped."""
