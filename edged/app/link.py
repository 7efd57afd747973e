"""The link of a configuration."""

from edged.app.adapters import Ports
from edged.app.service import service
from edged.app.settings import renewal_policy, session_settings, turn_mode
from edged.config import Config, Secret
from edged.dial.ports import Dial
from edged.link.link import Link
from edged.link.ports import LinkListener, Memory, Outgoing
from edged.wire.words import Words


def configured_link(
    config: Config,
    key: Secret | None,
    ports: Ports,
    *,
    dial: Dial,
    outgoing: Outgoing,
    owner: LinkListener,
    words: Words,
    memory: Memory,
) -> Link:
    """Nothing is dialled before it runs."""
    return Link(
        dial=dial,
        endpoint=lambda seen: service(config, key, seen=seen),
        settings=session_settings(config, turn_mode(config)),
        outgoing=outgoing,
        owner=owner,
        rng=ports.rng,
        renewal=renewal_policy(config),
        wall=ports.clock.wall,
        words=words,
        memory=memory,
    )
