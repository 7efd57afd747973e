"""What the messages of one session mean: which commit, response and answer each is about, and what may be asked next.

Pure: events in, events and messages out. Not here: the connection they travel on (link/), their spelling (wire/), who
is answered (turn/).
"""
