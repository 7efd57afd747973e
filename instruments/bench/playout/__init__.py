"""Start delay and gaps of answers, replayed in virtual time: edged's buffer beside fixed ones and other players."""
