"""`edged talk`: a program for a terminal in which a person talks to a kiosk and sees what it does.

The kiosk is either made here, in this process, from the daemon's own composition (own.py), or it is a daemon that runs
elsewhere and is reached through its control socket (attached.py). Both publish the same events (docs/control-socket.md)
and take the same commands, so everything above them is the same (ports.py).

1. What is shown follows from the events alone (view.py, conversation.py, tally.py). What a key means follows from the
   key and from whether the gate is open (talk_key.py). Both are pure.
2. What a service or a visitor says is text and nothing else: it is never markup, and a character that would move the
   cursor is replaced (plain.py).
3. Everything that is kept has a bound.
4. tui.py is the adapter of Textual, which is imported here only, and only when somebody talks.
"""
