"""One open connection with a configured session. It is opened in four steps: dial, greeting, settings, confirmation.

Rules:
1. Where the service's dialect is unknown, nothing is sent before the service has greeted, or before `GREETING_S` has
   passed: gateways lose greetings. Where it is known, the settings are sent at once.
2. Nothing else is sent before the settings are confirmed.
3. A confirmation of other settings may answer somebody else's update. It counts only if ours is not confirmed in time:
   within the `ready_s` of the provider, and within `READY_S` of the first message that comes, because a service that
   speaks has loaded what it needs.
4. Any failure on the way closes the connection.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from edged.dial import diagnosis
from edged.dial.endpoint import Endpoint
from edged.dial.ports import Dial, Flow, Transport
from edged.dial.provider import READY_S, Provider, with_remedy
from edged.dial.service_words import ServiceWords
from edged.errors import LinkError
from edged.link.session.events import ServiceWarning, SessionEvent, SessionFailed, SessionOpened
from edged.link.session.session import LinkSession

OPEN_TIMEOUT_S = 10.0
GREETING_S = 3.0
# Ends that say little: an earlier error from the service says more.
_EXPLAINED = frozenset(
    {"link_closed", "service_refused", "model_refused", "server_error", "handshake_timeout"}
)
# How long to wait after a refusal that names nothing. A close after it may say more: that all slots are taken.
REFUSED_S = 1.0
SAYS_NO_MORE = frozenset({"link_closed", "link_silent"})  # causes of an end that add nothing to a refusal
# A socket that takes nothing for this long is dead. Pings cannot show this, because they wait behind the sound.
SENT_WITHIN_S = 7.5


@dataclass(slots=True, eq=False)
class LiveSession:
    """`expires_at` is in seconds of the service's wall clock; None where the service did not give it."""

    transport: Transport
    session: LinkSession
    born_s: float
    expires_at: float | None = None
    complaint: ServiceWarning | None = None  # the last warning before the settings were confirmed
    confirmed_s: float = 0.0  # how long the confirmation took: a round trip, and the service's own time
    spoken: bool = False  # the session knows of a visitor
    edition: int = 0  # of the settings (link.py)

    def flow(self) -> Flow | None:
        """The transport's flow. Until a ping has measured the round trip, the time of the confirmation replaces it."""
        flow = self.transport.flow()
        return flow if flow is None or flow.trip_s else flow._replace(trip_s=self.confirmed_s)

    async def put(self, text: str) -> None:
        """Send one message. Raises LinkError when the connection is gone, or has stopped taking data."""
        if self.transport.give((text,)):
            return
        try:
            async with asyncio.timeout(SENT_WITHIN_S):
                await self.transport.send(text)
        except TimeoutError:
            raise LinkError("the socket has stopped taking data", "link_silent") from None

    async def put_all(self) -> None:
        """Send all messages in the session's `out`."""
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
    """Connect and configure. `hear` gets the session's events meanwhile, and `history` is put into the session.

    `known`: the service has spoken the session's dialect before.

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
        await _confirmed(live, hear, endpoint.provider.ready_s)
        live.confirmed_s = asyncio.get_running_loop().time() - asked_s
        session.remember(history)
        await live.put_all()
    except BaseException as error:  # also when cancelled: a connection that nobody holds must not stay open
        await transport.close()
        if isinstance(error, LinkError):
            raise _whole(error, live.complaint, endpoint.provider) from error
        raise
    return live


def _whole(error: LinkError, complaint: ServiceWarning | None, provider: Provider) -> LinkError:
    """The error of a connection that failed, with what the service said before, and the provider's own remedy."""
    if complaint is not None and error.cause in _EXPLAINED:
        before, error = error.cause, _explained(error, complaint)
        if error.cause != before:  # then its remedy helps no more
            error.args = (str(error).replace(f"; {provider.remedies.get(before)}", ""),)
    text = with_remedy(str(error), error.cause, provider.remedies)
    return LinkError(
        text, error.cause, error.retry_after_s, said=error.said, code=error.code, status=error.status
    )


def _explained(error: LinkError, complaint: ServiceWarning) -> LinkError:
    """The error of a connection that failed after the service had said why, with those words added."""
    said = ServiceWords(complaint.text, type=complaint.code)  # without a code, `code` holds the error's type
    known = diagnosis.of_words(said)
    cause = known or ("service_refused" if error.cause == "link_closed" else error.cause)
    pieces = (said.text, *((error.said,) if isinstance(error.said, str) else error.said))
    return LinkError(
        f"{error}; before that the service said: {said.text}",
        cause,
        error.retry_after_s,
        said=pieces,
        code=error.code,
    )


async def _asks(live: LiveSession, hear: Callable[[SessionEvent], None]) -> None:
    """Send all messages. If the service has closed meanwhile, read what it sent before: it may say why."""
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


async def _confirmed(live: LiveSession, hear: Callable[[SessionEvent], None], within_s: float) -> None:
    session, loop = live.session, asyncio.get_running_loop()
    end_s = loop.time() + within_s
    spoke, refused_s = False, None
    try:
        async with asyncio.timeout_at(end_s) as limit:
            while not session.ready:
                _take(live, await live.transport.receive(), hear)
                await _asks(live, hear)
                if not spoke:
                    spoke, end_s = True, min(end_s, loop.time() + READY_S)
                refused_s = (refused_s or loop.time()) if session.confirming.refused else None
                limit.reschedule(end_s if refused_s is None else min(end_s, refused_s + REFUSED_S))
    except TimeoutError:
        if session.confirming.insist(session.dialect):
            await _asks(live, hear)
            return await _confirmed(live, hear, READY_S)
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
