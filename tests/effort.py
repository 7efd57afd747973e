"""How many examples each property gets: few in the inner loop, more in scripts/test, most at night."""

from hypothesis import settings

FULL = 100
PROFILES = {"quick": FULL // 5, "full": FULL, "nightly": FULL * 20}


def register() -> None:
    """Register the profiles for `--hypothesis-profile`.

    They have no deadlines: the time of an example depends on how busy the machine is, and says nothing about edged.
    """
    for name, examples in PROFILES.items():
        settings.register_profile(name, max_examples=examples, deadline=None)
    settings.load_profile("full")


def examples(full: int, **more: object) -> settings:
    """For a property with expensive examples: `full` of them in the full profile, in proportion in others."""
    return settings(max_examples=max(5, full * settings.default.max_examples // FULL), **more)
