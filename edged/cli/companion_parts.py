"""Makes the parts of the companion from the configuration: the metrics, the page and MQTT."""

import argparse
import os
import socket
from functools import cache
from random import Random
from typing import TYPE_CHECKING

from edged.config.companion import missing_libraries, switched_on
from edged.config.secret_file import secret_file
from edged.errors import ConfigError
from edged.system.machine_id import kiosk_id
from edged.system.redactor import REDACTOR

if TYPE_CHECKING:
    from edged.companion.follower import FollowedKiosk
    from edged.companion.metrics.metrics_part import MetricsPart
    from edged.companion.page.page_part import PagePart
    from edged.companion.ports import CompanionPart
    from edged.config import Loaded
    from edged.system.store import Store


def parts(loaded: "Loaded", kiosk: "FollowedKiosk", args: argparse.Namespace) -> "list[CompanionPart]":
    """The parts that the configuration switches on. Raises ConfigError."""
    wanted = switched_on(loaded.config.companion)
    for name, key in wanted.items():
        _need(name, key)
    made: list[CompanionPart] = []
    metrics = _metrics(loaded, kiosk) if "page" in wanted or "metrics" in wanted else None
    if metrics is not None:
        made.append(metrics)
    if "page" in wanted:
        made.append(_page(loaded, kiosk, args, metrics))
    if "mqtt" in wanted:
        made.append(_mqtt(loaded, kiosk))
    return made


def _need(name: str, key: str) -> None:
    """Raises ConfigError if a library is missing that this part needs."""
    from edged.origin import how_to_add

    if missing := missing_libraries([name]):
        raise ConfigError([f"{key}: the package {missing[0]} is missing (run {how_to_add('companion')})"])


def _called(loaded: "Loaded") -> str:
    """What people call this kiosk."""
    return loaded.config.companion.name or socket.gethostname()


def _metrics(loaded: "Loaded", kiosk: "FollowedKiosk") -> "MetricsPart":
    """The metrics, for the page and for the textfile."""
    from edged.companion.metrics.metrics_part import MetricsPart, identity
    from edged.folders import companion_state_dir

    companion = loaded.config.companion
    who = identity(kiosk_id(), companion.site, _called(loaded))
    return MetricsPart(kiosk, who, _store(companion_state_dir(os.environ)), companion.metrics.textfile)


@cache
def _store(folder: str) -> "Store":
    """One for the life of the process: what the disk does not take is still known after a reload."""
    from pathlib import Path

    from edged.system.store import FileStore, MemoryStore

    return FileStore(Path(folder)) if folder else MemoryStore()


def _page(
    loaded: "Loaded", kiosk: "FollowedKiosk", args: argparse.Namespace, metrics: "MetricsPart | None"
) -> "PagePart":
    from edged.companion.page.page_part import PagePart
    from edged.companion.page.tokens import unfit
    from edged.config.companion_rules import place_of

    page, key = loaded.config.companion.page, "companion.page.token_file"
    place = place_of(page.listen)
    assert place is not None  # the rules of the configuration have seen it
    found = secret_file(key, page.token_file, os.environ, origins=loaded.origins)
    if found is not None:
        REDACTOR.add([found.reveal()])
        if why := unfit(found.reveal()):
            raise ConfigError([f"{loaded.origins[key]}: {key}: {page.token_file}: {why}"])
    words = [("--config", args.config), ("--socket", args.socket), *(("--set", each) for each in args.set)]
    return PagePart(
        kiosk,
        place=place,
        rng=Random(),  # noqa: S311 jitter
        token=found,
        host=page.host,
        name=_called(loaded),
        transcripts=page.transcripts,
        button=page.button,
        metrics=metrics.exposition if metrics is not None else None,
        doctor_words=[word for option, value in words if value for word in (option, str(value))],
    )


def _mqtt(loaded: "Loaded", kiosk: "FollowedKiosk") -> "CompanionPart":
    from edged.companion.mqtt.configured import configured

    return configured(
        loaded.config.companion,
        kiosk,
        kiosk_id=kiosk_id(),
        machine=socket.gethostname(),
        env=os.environ,
        origins=loaded.origins,
        rng=Random(),  # noqa: S311 jitter
    )
