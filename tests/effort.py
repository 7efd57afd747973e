"""How many examples a property is tried with: few in the inner loop, more in scripts/test, most at night."""

from hypothesis import settings

FULL = 100
PROFILES = {"quick": FULL // 5, "full": FULL, "nightly": FULL * 20}


def register() -> None:
    """The profiles, for `--hypothesis-profile`.

    Without deadlines: how long an example takes says how busy the machine is, and nothing of edged.
    """
    for name, examples in PROFILES.items():
        settings.register_profile(name, max_examples=examples, deadline=None)
    settings.load_profile("full")


def examples(full: int, **more: object) -> settings:
    """For a property whose examples are dear: `full` of them in the full profile, and in proportion in the others."""
    return settings(max_examples=max(5, full * settings.default.max_examples // FULL), **more)
