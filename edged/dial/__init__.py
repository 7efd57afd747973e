"""One attempt at a service, and what all who make one agree on: the daemon, the relay, the public client. Pure."""
