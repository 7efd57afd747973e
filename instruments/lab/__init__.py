"""The laboratory: edged's shell in virtual time, over a simulated network. Not shipped."""
