"""The name service of the simulated network."""

import asyncio
import ipaddress
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from instruments.lab.net import SimNet

DNS_GIVE_UP_S = 10.0  # two servers or two tries of 5 s each, as in resolv.conf


class Names(dict[str, list[str]]):
    """Names and their addresses. A look-up passes through the same network conditions as everything else."""

    def __init__(self, net: "SimNet") -> None:
        super().__init__(localhost=["127.0.0.1"])
        self._net = net

    async def getaddrinfo(self, host: Any, port: Any, *, family: int = 0) -> list[Any]:
        found = []
        for address in await self.lookup(host or "127.0.0.1"):
            kind = socket.AF_INET6 if ":" in address else socket.AF_INET
            if family in (0, kind):
                found.append((kind, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port)))
        if not found:
            raise socket.gaierror(socket.EAI_ADDRFAMILY, "Address family for hostname not supported")
        return found

    async def lookup(self, host: str) -> list[str]:
        """The addresses of a name, as getaddrinfo gives them; literals and localhost need no server."""
        if is_literal(host):
            return [host]
        now = self._net.conditions()
        if host != "localhost":
            await asyncio.sleep((now.dns_delay_ms + 2 * now.latency_ms) / 1000)
            now = self._net.conditions()
            lost = now.hole_up or now.hole_down
            if lost:
                await asyncio.sleep(DNS_GIVE_UP_S)
            if lost or now.no_route or now.dns_fails:
                self._net.felt["dns_failed"] += 1
                self._net.note("dns_failed", data=host.encode())
                raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        if host not in self:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return list(self[host])


def is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
