"""`edged serve`: the embedded speech service, on loopback."""

import argparse


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser("serve", help="the embedded speech service, for trying edged without a key")
    parser.add_argument("--port", type=int, default=8765, help="default: 8765")
    parser.add_argument(
        "--voice", choices=("listen", "parrot"), default="listen", help="say how long it listened, or what"
    )
    parser.add_argument(
        "--pace", type=float, default=4.0, metavar="X", help="answers at X times real time; 0: all at once"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    import asyncio

    return asyncio.run(_serve(args))


async def _serve(args: argparse.Namespace) -> int:
    import asyncio
    import signal

    from edged.local.server import LocalServer
    from edged.local.voice import ListenVoice, ParrotVoice

    voice = ParrotVoice() if args.voice == "parrot" else ListenVoice()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with LocalServer(voice=voice, port=args.port, pace=args.pace) as server:
        print(f"serving {server.url}", flush=True)
        await ended.wait()
    return 0
