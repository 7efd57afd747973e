"""`edged relay`: let realtime clients without a key use the configured service."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from edged.cli.options import add_config, load_config, tell_warnings
from edged.errors import ConfigError, DeviceError, UsageError
from edged.files import beginning

if TYPE_CHECKING:
    from edged.config import Config, Secret
    from edged.relay.server import RelayServer

_MOST_TOKEN_BYTES = 4096
_MOST_CLIENTS = 1000


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "relay",
        help="Let realtime clients without a key use the configured service",
        description="Let realtime clients without a key use the configured service. The relay adds the key, and "
        "translates between the two dialects of the protocol.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument(
        "--port", type=int, default=8081, help="port to listen on (default: 8081; 0: any free port)"
    )
    parser.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="file with the token that clients must send; required unless --host is loopback (this machine only)",
    )
    parser.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="web pages that may use the relay besides those of this machine, for example "
        "https://console.example; repeatable",
    )
    parser.add_argument(
        "--client-model",
        action="store_true",
        help="let clients choose the model (?model=); without this, the configured model is used",
    )
    parser.add_argument(
        "--most-clients",
        type=int,
        default=32,
        metavar="N",
        help="serve at most N clients at a time (default: 32)",
    )
    parser.add_argument(
        "--provider", metavar="NAME", help="provider of the service, like --set provider.name=NAME"
    )
    add_config(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    if args.provider:
        args.set = [f"provider.name={args.provider}", *args.set]
    if not 0 <= args.port <= 65535:
        raise UsageError(f"--port {args.port}: write a port from 0 to 65535 (0: any free port)")
    if not 1 <= args.most_clients <= _MOST_CLIENTS:
        raise UsageError(f"--most-clients {args.most_clients}: write a number from 1 to {_MOST_CLIENTS}")
    loaded = load_config(args)
    import os

    from edged.config import resolve_key
    from edged.system.door import ExitDoor
    from edged.system.exit import ProcessExit
    from edged.system.journal import setup

    setup(loaded.config.log.level)
    tell_warnings(loaded)
    key = resolve_key(loaded.config, os.environ)
    relay, where = _relay(args, loaded.config, key)
    return ExitDoor(ProcessExit()).run(_main(relay, where))


def _relay(args: argparse.Namespace, config: "Config", key: "Secret | None") -> "tuple[RelayServer, str]":
    """The relay, and the name of the service it relays to."""
    from edged.app.service import configured_dialect, planned, service
    from edged.app.wording import wording
    from edged.causes import CAUSES
    from edged.dial.providers import PROVIDERS
    from edged.relay.access import AccessPolicy
    from edged.relay.ports import Upstream
    from edged.relay.server import RelayServer
    from edged.relay.sockets import WebsocketUpstreamDial
    from edged.system.redactor import REDACTOR
    from edged.system.resolver import SystemResolver
    from edged.wire import Translator

    token = _token(args.token_file) if args.token_file else ""
    REDACTOR.add([token])
    words = wording(config)
    policy = AccessPolicy(bound=args.host, token=token, origins=frozenset(args.allow_origin))

    row = PROVIDERS[config.provider.name]
    try:  # load what a change of rate needs before any client waits for it
        Translator(row.dialect, row.dialect, row.shape)
    except DeviceError as error:
        raise ConfigError([f"provider.name: {error}; {CAUSES[error.cause].remedy}"]) from error
    configured = config.provider.model or row.model

    def upstream(model: str) -> Upstream:
        return Upstream(service(config, key, model=model), configured_dialect(config), model or configured)

    where = f"{planned(config, key).host} ({configured or 'no model named'})"
    relay = RelayServer(
        upstream=upstream,
        dial=WebsocketUpstreamDial(SystemResolver(), words),
        policy=policy,
        port=args.port,
        client_model=args.client_model,
        most_clients=args.most_clients,
        words=words,
    )
    return relay, where


def _token(path: Path) -> str:
    try:
        token = beginning(path, _MOST_TOKEN_BYTES).decode().strip()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise ConfigError([f"--token-file {path}: {why} (make one: openssl rand -hex 16 > {path})"]) from None
    if not token or len(token.split()) > 1:
        raise ConfigError([f"--token-file {path}: write the token on one line, without spaces"])
    return token


async def _main(relay: "RelayServer", where: str) -> int:
    from edged.cli.serving import until_stopped

    await until_stopped(relay, "relaying", f" to {where}")
    print(relay.usage, flush=True)
    return 0
