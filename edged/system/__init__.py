"""The machine edged runs on: clock, names, network, disk, log, control socket."""
