"""A simulated network. Being written: for now nothing is reachable."""


class SimNet:
    def attach(self, loop):
        self._loop = loop
