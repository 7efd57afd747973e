"""Tests that need other people's programs: where these are missing, and what of them a run asks for."""

import os
from typing import Any

import pytest


def demand(missing: str | None) -> None:
    """End the test where something is missing: on the machine that installs it that is a failure."""
    if missing is not None:
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)


def wanted(request: pytest.FixtureRequest, *names: str) -> list[tuple[Any, ...]]:
    """What the tests of this run have for these parameters."""
    params = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    return [tuple(of[name] for name in names) for of in params if set(names) <= of.keys()]
