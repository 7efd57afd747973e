"""The token, its cookie, and guesses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.companion.page.tokens import (
    COOKIE_S,
    MOST_OWNERS,
    MOST_WRONG,
    WRONG_S,
    PageTokens,
    TokenShown,
    unfit,
)

TOKEN = "correct-horse-battery"


def bearer(tokens, *values, owner="a", now=0.0):
    return tokens.of_program(values, owner, now)


def test_a_program_shows_it_as_a_bearer():
    tokens = PageTokens(TOKEN)
    assert bearer(tokens, f"Bearer {TOKEN}") is bearer(tokens, f"bearer  {TOKEN} ") is TokenShown.RIGHT
    assert bearer(tokens, "Bearer wrong") is TokenShown.WRONG
    assert bearer(tokens) is bearer(tokens, f"Basic {TOKEN}") is TokenShown.NOTHING
    assert bearer(tokens, f"Bearer {TOKEN}", f"Bearer {TOKEN}") is TokenShown.NOTHING


def test_a_cookie_holds_for_its_time_only_and_says_nothing_of_the_token():
    tokens = PageTokens(TOKEN)
    cookie = tokens.cookie(1000.0)
    assert TOKEN not in cookie + tokens.cookie_name
    assert tokens.has_cookie(cookie, 1000.0)
    assert tokens.has_cookie(cookie, 1000.0 + COOKIE_S - 1)
    assert not tokens.has_cookie(cookie, 1000.0 + COOKIE_S)
    assert not tokens.has_cookie(cookie, -COOKIE_S)  # the clock was wrong when it was made
    assert not PageTokens("another-token-of-this-page").has_cookie(cookie, 1000.0)


@pytest.mark.parametrize(
    "change", [lambda it: it[:-1], lambda it: "9" + it, lambda it: "", lambda it: "." + it]
)
def test_a_changed_cookie_is_void(change):
    tokens = PageTokens(TOKEN)
    assert not tokens.has_cookie(change(tokens.cookie(1000.0)), 1000.0)


@given(st.text())
def test_no_cookie_is_too_odd(text):
    tokens = PageTokens(TOKEN)
    assert not tokens.has_cookie(text, 1000.0)
    assert tokens.of_form(text, "a", 0.0) is TokenShown.WRONG


def test_a_guesser_has_to_wait_and_others_do_not():
    tokens = PageTokens(TOKEN)
    for _ in range(MOST_WRONG):
        assert bearer(tokens, "Bearer wrong", now=5.0) is TokenShown.WRONG
    assert bearer(tokens, f"Bearer {TOKEN}", now=5.0) is TokenShown.TOO_OFTEN
    assert bearer(tokens, f"Bearer {TOKEN}", owner="b", now=5.0) is TokenShown.RIGHT
    assert bearer(tokens, f"Bearer {TOKEN}", now=4.9 + WRONG_S) is TokenShown.TOO_OFTEN
    assert bearer(tokens, f"Bearer {TOKEN}", now=5.0 + WRONG_S) is TokenShown.RIGHT


def test_what_is_kept_of_guesses_is_bounded():
    tokens = PageTokens(TOKEN)
    for owner in range(3 * MOST_OWNERS):
        bearer(tokens, "Bearer wrong", owner=owner)
    assert len(tokens._wrong) == MOST_OWNERS


@pytest.mark.parametrize(
    ("token", "good"), [("short", False), ("ü" * 20, False), ("x" * 15, False), ("x" * 16, True)]
)
def test_a_weak_token_is_refused_with_the_command_that_makes_one(token, good):
    assert unfit(token) == "" if good else "openssl rand -hex 16" in unfit(token)
