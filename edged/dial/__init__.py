"""One attempt at a service, below whoever makes it: the daemon's link, the relay, the public client. Pure."""
