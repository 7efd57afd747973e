"""A service that speaks the given dialects, and remembers what it was asked for."""

from edged.local.http import Admission
from edged.local.server import LocalServer
from edged.local.voice import ParrotVoice
from edged.wire import Dialect

GA, BETA = Dialect.GA, Dialect.BETA
SPEAKS = {"ga": (GA,), "beta": (BETA,), "both": (GA, BETA), "none": ()}
WAYS = ("event", "close", "bare", "http")


class Service(LocalServer):
    """`asked` has the dialect of each handshake, in order."""

    def __init__(self, speaks="both", by="event", **options):
        self.door = Admission(speaks=SPEAKS[speaks], refuses_by=by)
        super().__init__(**{"voice": ParrotVoice(), "pace": 0, "think_ms": 0, "door": self.door, **options})
        self.asked = []

    async def _request(self, connection, request):
        self.asked.append(BETA if "OpenAI-Beta" in request.headers else GA)
        return await super()._request(connection, request)

    @property
    def origin(self):
        """The service's address without the path."""
        return self.url.removesuffix("/v1/realtime")


def dials(first, speaks):
    """The dialects that a client asks for, in order, until the service `speaks` one of them."""
    if first in SPEAKS[speaks]:
        return [first]
    return [first, BETA if first is GA else GA]
