"""An attempt to open a link: when it dials a second time, and what it remembers of the service."""

from dataclasses import replace

import pytest

from edged.dial.diagnosis import DIALECT_REFUSED
from edged.dial.dialects import other
from edged.dial.endpoint import Endpoint
from edged.errors import LinkError
from edged.link import opener as module
from edged.link.opener import Opener
from edged.link.service_notes import ServiceNotes
from edged.link.session.events import ServiceWarning, SessionReady
from edged.retry import Allowance
from edged.wire import Dialect, Settings
from edged.wire.words import Words

BARE = LinkError("closed", "link_closed", code=4000)
OF_DIALECT = LinkError("not in this dialect", DIALECT_REFUSED)


@pytest.fixture
def opened(lab_run, monkeypatch):
    """Open a link to a service that ends each dial: `dials` are (events that it sends, how the dial ends)."""

    def run(*dials, notes=None):
        left, asked = list(dials), []

        async def open_session(_, to, session, *, hear, **_more):
            asked.append(to.dialect)
            events, error = left.pop(0)
            for event in events:
                hear(event)
            raise error

        async def main():
            def endpoint(dialect):
                return Endpoint("ws://here/v1/realtime", dialect or Dialect.GA, {})

            made = Opener(None, endpoint, Words(), notes or ServiceNotes(), Allowance())
            with pytest.raises(LinkError) as failed:
                await made.open(Settings(), lambda _: None)
            return failed.value

        monkeypatch.setattr(module, "open_session", open_session)
        return lab_run(main()), asked

    return run


def test_a_close_without_a_word_may_be_for_the_dialect(opened):
    error, asked = opened(([], BARE), ([], BARE))
    assert asked == [Dialect.GA, Dialect.BETA]
    assert error is BARE


@pytest.mark.parametrize(
    "events",
    [
        [ServiceWarning("", "no")],
        [ServiceWarning("", "no"), SessionReady()],
        [SessionReady(), ServiceWarning("", "no")],
    ],
)
def test_one_that_an_error_has_explained_is_not(opened, events):
    error, asked = opened((events, BARE))
    assert (error, asked) == (BARE, [Dialect.GA])


@pytest.mark.parametrize("dials", [[OF_DIALECT, BARE], [BARE, OF_DIALECT], [OF_DIALECT, OF_DIALECT]])
def test_both_are_refused_where_one_is_by_name(opened, dials):
    error, asked = opened(*(([], each) for each in dials))
    assert (error.cause, asked) == (DIALECT_REFUSED, [Dialect.GA, Dialect.BETA])
    assert "refuses both" in str(error)


@pytest.mark.parametrize("known", Dialect)
def test_a_dialect_that_is_refused_by_name_is_known_no_more(opened, known):
    notes = ServiceNotes()
    notes.note(replace(notes.known, dialect=known))
    _, asked = opened(([], OF_DIALECT), ([], LinkError("gone", "link_closed")), notes=notes)
    assert asked == [known, other(known)]
    assert notes.known.dialect is None


def test_one_that_closes_without_a_word_stays_known(opened):
    notes = ServiceNotes()
    notes.note(replace(notes.known, dialect=Dialect.BETA))
    opened(([], BARE), ([], BARE), notes=notes)
    assert notes.known.dialect is Dialect.BETA
