"""Tests that need other people's programs: what happens if they are missing, and which ones a run asks for."""

import os
from typing import Any

import pytest


def demand(missing: str | None) -> None:
    """End the test if something is missing. On the machine that installs these programs, this is a failure."""
    if missing is not None:
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)


def wanted(request: pytest.FixtureRequest, *names: str) -> list[tuple[Any, ...]]:
    """The values that the tests of this run have for these parameters."""
    params = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    return [tuple(of[name] for name in names) for of in params if set(names) <= of.keys()]
