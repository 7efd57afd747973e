"""One open connection with its session configured: dialled, greeted, asked for the settings, and confirmed.

Rules: where it is not known which dialect the service speaks, nothing is sent before it has greeted or `GREETING_S` is
over (gateways lose greetings); else the settings go out at once. Nothing but the settings before they are confirmed.
What is set up otherwise than asked may answer somebody else: it is judged where ours was not confirmed in `READY_S`.
What fails on the way closes the connection.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from edged.dial import diagnosis
from edged.dial.ports import Dial, Flow, Transport
from edged.dial.providers import Endpoint
from edged.dial.service_words import ServiceWords
from edged.errors import LinkError
from edged.link.session.events import ServiceWarning, SessionEvent, SessionFailed, SessionOpened
from edged.link.session.session import LinkSession

OPEN_TIMEOUT_S = 10.0
GREETING_S = 3.0
READY_S = 10.0
# Ends that say little: what the service said before says more.
_EXPLAINED = frozenset(
    {"link_closed", "service_refused", "model_refused", "server_error", "handshake_timeout"}
)
REFUSED_S = 1.0  # after a refusal that names nothing: a close that follows says more, such as that all slots are taken
SAYS_NO_MORE = frozenset({"link_closed", "link_silent"})  # of an end
SENT_WITHIN_S = (
    7.5  # a socket that takes nothing for so long is dead: pings wait behind the sound and cannot tell
)


@dataclass(slots=True, eq=False)
class LiveSession:
    """`expires_at` is in seconds of the service's wall clock; None where it did not say."""

    transport: Transport
    session: LinkSession
    born_s: float
    expires_at: float | None = None
    complaint: ServiceWarning | None = None  # the last one before the settings were confirmed
    confirmed_s: float = 0.0  # until the settings were confirmed: a round trip, and what the service took
    spoken: bool = False  # it knows of a visitor

    def flow(self) -> Flow | None:
        """As the transport knows it; before the first ping came back the round trip is that of the settings."""
        flow = self.transport.flow()
        return flow if flow is None or flow.trip_s else flow._replace(trip_s=self.confirmed_s)

    async def put(self, text: str) -> None:
        """Send one message; raises LinkError when the connection is gone, or takes nothing any more."""
        if self.transport.give((text,)):
            return
        try:
            async with asyncio.timeout(SENT_WITHIN_S):
                await self.transport.send(text)
        except TimeoutError:
            raise LinkError("the socket takes nothing any more", "link_silent") from None

    async def put_all(self) -> None:
        """Send what the session has to say."""
        while self.session.out:
            await self.put(self.session.out.pop(0))


async def open_session(
    dial: Dial,
    endpoint: Endpoint,
    session: LinkSession,
    *,
    hear: Callable[[SessionEvent], None],
    known: bool = False,
    history: Iterable[tuple[str, str]] = (),
) -> LiveSession:
    """Connect and configure; `hear` gets what the session says meanwhile, `history` is put back into it.

    `known`: the service was seen to speak the session's dialect.

    Raises:
        LinkError: with its cause; the connection is closed.
    """
    transport = await dial(endpoint, OPEN_TIMEOUT_S)
    live = LiveSession(transport, session, asyncio.get_running_loop().time())
    try:
        if not known:
            with suppress(TimeoutError):
                async with asyncio.timeout(GREETING_S):
                    _take(live, await transport.receive(), hear)
        session.configure()
        asked_s = asyncio.get_running_loop().time()
        await _asks(live, hear)
        await _confirmed(live, hear)
        live.confirmed_s = asyncio.get_running_loop().time() - asked_s
        session.remember(history)
        await live.put_all()
    except BaseException as error:  # cancelled, too: nothing is to stay open that nobody has
        await transport.close()
        if isinstance(error, LinkError) and live.complaint is not None and error.cause in _EXPLAINED:
            raise _explained(error, live.complaint) from error
        raise
    return live


def _explained(error: LinkError, complaint: ServiceWarning) -> LinkError:
    """A connection that ended, or was of no use, after the service had said why."""
    said = ServiceWords(complaint.text, type=complaint.code)  # where it has no code it is the error's type
    known = diagnosis.of_words(said)
    cause = known or ("service_refused" if error.cause == "link_closed" else error.cause)
    pieces = (said.text, *((error.said,) if isinstance(error.said, str) else error.said))
    return LinkError(
        f"{error}; before, it said: {said.text}", cause, error.retry_after_s, said=pieces, code=error.code
    )


async def _asks(live: LiveSession, hear: Callable[[SessionEvent], None]) -> None:
    """Send what there is. A service that has closed meanwhile may have said why before: that waits to be read."""
    try:
        await live.put_all()
    except LinkError as lost:
        if lost.cause == "link_silent":
            raise
        with suppress(TimeoutError):
            async with asyncio.timeout(REFUSED_S):
                while True:
                    _take(live, await live.transport.receive(), hear)
        raise


async def _confirmed(live: LiveSession, hear: Callable[[SessionEvent], None]) -> None:
    session, loop = live.session, asyncio.get_running_loop()
    end_s = loop.time() + READY_S
    refused_s: float | None = None
    try:
        async with asyncio.timeout_at(end_s) as limit:
            while not session.ready:
                _take(live, await live.transport.receive(), hear)
                await _asks(live, hear)
                refused_s = (refused_s or loop.time()) if session.confirming.refused else None
                limit.reschedule(end_s if refused_s is None else min(end_s, refused_s + REFUSED_S))
    except TimeoutError:
        broken = session.confirming.verdict or SessionFailed(
            "handshake_timeout", "the service did not confirm the settings"
        )
        raise LinkError(broken.text, broken.cause, said=broken.said) from None
    except LinkError as error:
        verdict = (
            session.confirming.verdict if session.confirming.refused and error.cause in SAYS_NO_MORE else None
        )
        if verdict is None:
            raise
        raise LinkError(verdict.text, verdict.cause, said=verdict.said) from error


def _take(live: LiveSession, message: str | bytes, hear: Callable[[SessionEvent], None]) -> None:
    for event in live.session.receive(message):
        match event:
            case SessionFailed(cause=cause, text=text, said=said):
                raise LinkError(text, cause, said=said)
            case SessionOpened(expires_at=expires_at):
                live.expires_at = expires_at
            case ServiceWarning(cause=None):
                live.complaint = event
            case _:
                pass
        hear(event)
