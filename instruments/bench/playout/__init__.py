"""Start delay and gaps of answers in virtual time: edged's buffer compared with fixed buffers and other players."""
