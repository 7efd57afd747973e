"""What the doctor's checks of the line look at: one attempt to open a session, with the daemon's own code.

Rules:
1. A running edged is asked. Only without one, or while it does not know the reason itself, the doctor dials.
2. The attempt has one end, with one cause. Every check before that end has passed, and every check after it cannot say
   anything (`needs`).
3. No sound is sent and no answer is asked for, so no tokens are billed. Some providers bill each minute of a
   connection.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from edged import __made__
from edged.app import doctor_peer
from edged.app.adapters import machine
from edged.app.doctor import Case, Looked, Step
from edged.app.profiles import Profiles
from edged.app.service import planned, service
from edged.app.services import Services
from edged.app.wording import wording
from edged.dial.endpoint import Endpoint
from edged.dial.providers import PROVIDERS
from edged.dial.websocket import WebsocketDial
from edged.doctor import (
    certificate,
    clock,
    connection,
    dialect,
    handshake,
    key,
    model,
    names,
    proxy,
    round_trip,
    route,
    session,
)
from edged.doctor.check import WARNING, Check, DoctorFinding, NotLookedAtError
from edged.doctor.order import LATE, OF_CAUSE
from edged.doctor.starved import Starved
from edged.errors import ConfigError, LinkError
from edged.hosts import is_loopback
from edged.link.live_session import LiveSession
from edged.link.opener import Opener
from edged.link.service_notes import ServiceNotes
from edged.link.session.events import ServiceWarning, SessionEvent
from edged.retry import Allowance
from edged.system.control_client import ControlClient

ATTEMPT_S = 8.0
WAITS_S, LOOK_S = 5.0, 0.25  # for a link that comes up just now
STAYS_S = 1.0
SOON_DAYS = 14


class LineResult(NamedTuple):
    """`cause`: why there is no session; empty: there is one. `flaws`: what the service does differently."""

    cause: str = ""
    text: str = ""
    remedy: str = ""
    dialect: str = ""
    confirmed_ms: float | None = None
    flaws: tuple[tuple[str, str], ...] = ()
    by_daemon: bool = False


def result(case: Case) -> LineResult:
    """How the attempt ended. Only the first caller waits for it."""
    if "line" not in case.known:
        case.known["line"] = _asked(case) or _tried(case)
    found: LineResult = case.known["line"]
    return found


def _asked(case: Case) -> LineResult | None:
    """What a running edged knows; None: it does not run, or knows nothing yet."""
    snapshot, until_s = case.snapshot, time.monotonic() + WAITS_S
    while snapshot is not None:
        link = snapshot.get("link") or {}
        case.snapshot = snapshot
        troubles = case.troubles("line")
        if link.get("up"):
            flaws = tuple((each["cause"], each["text"]) for each in troubles)
            return LineResult(dialect=link.get("dialect") or "", flaws=flaws, by_daemon=True)
        if troubles:
            first = troubles[0]
            return LineResult(first["cause"], first["text"], first["remedy"], by_daemon=True)
        if time.monotonic() > until_s:
            return None
        time.sleep(LOOK_S)
        with ControlClient(*case.sockets) as client:
            snapshot = client.snapshot
    return None


def _tried(case: Case) -> LineResult:
    if not case.links:
        raise NotLookedAtError("--no-link: the service is not contacted")
    try:
        found = case.key()
        return asyncio.run(_attempt(case, found))
    except ConfigError as error:
        raise NotLookedAtError(f"because of configuration ({error.cause})") from error


async def _attempt(case: Case, secret: object) -> LineResult:
    config = case.config
    ports, words = machine(config), wording(config)
    known = Services(ports).of(config, secret)  # type: ignore[arg-type]
    opener = Opener(
        WebsocketDial(ports.resolver, wall=ports.clock.wall),
        lambda seen: service(config, secret, seen=seen),  # type: ignore[arg-type]
        words,
        ServiceNotes(known),
        Allowance(),
    )
    warned: list[tuple[str, str]] = []
    starved = Starved()

    def hear(event: SessionEvent) -> None:
        if isinstance(event, ServiceWarning) and event.cause is not None:
            warned.append((event.cause, words.filtered(event.text)))

    try:
        async with asyncio.timeout(ATTEMPT_S):
            live = await opener.open(Profiles(config).default, hear)
        await _stays(live)
    except LinkError as error:
        return LineResult(error.cause, words.failure(error))
    except TimeoutError:
        text = f"there was no session after {ATTEMPT_S:g} s"
        if starved.is_so():
            return LineResult(LATE, f"{text}; this machine was too busy to look for one")
        return LineResult("handshake_timeout", text)
    flaw = live.session.confirming.flaw
    await live.transport.close()
    if flaw[0]:
        warned.append((flaw[0], words.filtered(flaw[1])))
    return LineResult(
        dialect=live.session.dialect.value,
        confirmed_ms=live.confirmed_s * 1000,
        flaws=tuple(dict.fromkeys(warned)),
    )


async def _stays(live: LiveSession) -> None:
    """Wait a moment: some services confirm a session and close it then. Raises LinkError."""
    with suppress(TimeoutError):
        async with asyncio.timeout(STAYS_S):
            while True:
                await live.transport.receive()


# -- the checks ------------------------------------------------------------------------------------------------


def _stage(check: Check) -> Step:
    """The step of a check that only needs to know how the attempt ended."""

    def step(case: Case) -> Looked:
        return Looked(_at(check, case))

    return step


def _at(check: Check, case: Case) -> Iterator[DoctorFinding]:
    found = result(case)
    if found.cause and _place(found.cause) is check:
        yield check.found(found.cause, found.text, found.remedy, WARNING if found.cause == LATE else None)
    for cause, text in found.flaws:
        if _place(cause) is check:
            yield check.found(cause, text, gravity=WARNING)


def _place(cause: str) -> Check:
    """The check that a cause belongs to."""
    if cause == LATE:
        return connection.CHECK
    if cause == "clock_unset":  # the certificate shows it; the clock itself may look right
        return certificate.CHECK
    return OF_CAUSE.get(cause, session.CHECK)


def _clock(case: Case) -> Looked:
    made = datetime.fromisoformat(f"{__made__}T00:00:00+00:00")
    now = datetime.now(UTC)
    if now >= made:
        return Looked(note=f"{now:%Y-%m-%d %H:%M} UTC")
    text = f"the clock shows {now:%Y-%m-%d}, and this release was made on {__made__}"
    gravity = None if _endpoint(case).secure else WARNING
    return Looked([clock.CHECK.found("clock_unset", text, gravity=gravity)])


def _route(case: Case) -> Looked:
    endpoint = _endpoint(case)
    if is_loopback(endpoint.host) and not endpoint.proxy:
        return Looked(note="the service is on this machine")
    return Looked(_at(route.CHECK, case))


def _names(case: Case) -> Looked:
    endpoint = _endpoint(case)
    found = (names.explained(each, by_proxy=bool(endpoint.proxy)) for each in _at(names.CHECK, case))
    return Looked(found, endpoint.host)


def _proxy(case: Case) -> Looked:
    if not _endpoint(case).proxy:
        result(case)
        return Looked(note="no proxy is set")
    return Looked(_at(proxy.CHECK, case))


def _connection(case: Case) -> Looked:
    found = list(_at(connection.CHECK, case))
    if not found or result(case).cause == LATE:
        return Looked(found)
    endpoint = _endpoint(case)
    others = [name for name in ("https_proxy", "HTTPS_PROXY", "all_proxy") if case.env.get(name)]
    why = connection.Why(
        found[0].text,
        by_proxy=bool(endpoint.proxy),
        proxy_variable=others[0] if others else "",
        speaks="" if endpoint.proxy or not case.links else doctor_peer.speaks(endpoint),
        is_secure=endpoint.secure,
    )
    return Looked([connection.explained(found[0], why), *found[1:]])


def _certificate(case: Case) -> Looked:
    endpoint = _endpoint(case)
    if not endpoint.secure:
        result(case)
        return Looked(_at(certificate.CHECK, case), "the connection has no TLS")
    found = list(_at(certificate.CHECK, case))
    if endpoint.proxy or not case.links:
        return Looked(found)
    if found:
        said = doctor_peer.issuer(endpoint)
        return Looked(replace(each, text=each.text + said) for each in found)
    with suppress(OSError, ValueError):
        about = doctor_peer.shown(endpoint)
        days = (about.ends - datetime.now(UTC)).days
        if days < SOON_DAYS:
            text = f"the certificate of {endpoint.host} ends on {about.ends:%Y-%m-%d} (in {days} days)"
            found.append(certificate.CHECK.found("certificate_ends", text))
        case.known["trip_ms"] = about.trip_ms
        return Looked(found, f"valid until {about.ends:%Y-%m-%d}, issued by {about.issuer}")
    return Looked(found)


def _dialect(case: Case) -> Looked:
    return Looked(_at(dialect.CHECK, case), result(case).dialect)


def _session(case: Case) -> Looked:
    found = list(_at(session.CHECK, case))
    if result(case).by_daemon:
        return Looked(found, "edged has it open")
    billed = PROVIDERS[case.config.provider.name].billed
    cost = "a minute may be billed" if "minutes" in billed else "nothing is billed"
    return Looked(found, f"one was opened and closed, and nothing was said: {cost}")


def _round_trip(case: Case) -> Looked:
    found = result(case)
    trip_ms: float | None = case.known.get("trip_ms", found.confirmed_ms)
    if trip_ms is None:
        raise NotLookedAtError("nothing was sent")
    return Looked(round_trip.judge(trip_ms), f"{trip_ms:.0f} ms")


def _endpoint(case: Case) -> Endpoint:
    try:
        return planned(case.config, case.key())
    except ConfigError as error:
        raise NotLookedAtError(f"because of configuration ({error.cause})") from error


STEPS: dict[str, Step] = {
    route.CHECK.id: _route,
    names.CHECK.id: _names,
    clock.CHECK.id: _clock,
    proxy.CHECK.id: _proxy,
    connection.CHECK.id: _connection,
    certificate.CHECK.id: _certificate,
    handshake.CHECK.id: _stage(handshake.CHECK),
    key.CHECK.id: _stage(key.CHECK),
    model.CHECK.id: _stage(model.CHECK),
    dialect.CHECK.id: _dialect,
    session.CHECK.id: _session,
    round_trip.CHECK.id: _round_trip,
}
