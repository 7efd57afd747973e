"""Whether the service accepts a connection, and why not. Pure."""

from dataclasses import dataclass, replace

from edged.doctor.check import FAILURE, Check, DoctorFinding

CHECK = Check(
    "connection",
    "line",
    "whether the service accepts connections",
    {
        "unreachable": FAILURE,
        "handshake_timeout": FAILURE,
        "link_closed": FAILURE,
        "link_silent": FAILURE,
    },
    needs=("proxy",),
)
_PROXY = (
    "Check that `provider.proxy` has the right host and port, that the proxy runs, and that it may reach"
    " `provider.url`."
)


@dataclass(frozen=True, slots=True)
class Why:
    """`speaks`: what answers at the address of the service, `tls` or `no tls`; empty: nothing, or unknown.

    `proxy_variable`: the variable of the environment that names a proxy, which edged does not use.
    """

    text: str
    by_proxy: bool = False
    proxy_variable: str = ""
    speaks: str = ""
    is_secure: bool = True


def explained(found: DoctorFinding, why: Why) -> DoctorFinding:
    """The finding, with what is known about this address and a remedy that fits it."""
    if why.by_proxy:
        return replace(found, text=f"{why.text} (by way of `provider.proxy`)", remedy=_PROXY)
    if why.speaks == "no tls" and why.is_secure:
        text = f"{why.text}; it takes connections, but does not answer with TLS"
        return replace(
            found,
            text=text,
            remedy="Check the port in `provider.url`. If the service has no TLS, write ws://.",
        )
    if why.speaks == "tls" and not why.is_secure:
        remedy = "Write wss:// in place of ws:// in `provider.url`."
        return replace(found, text=f"{why.text}; it answers with TLS", remedy=remedy)
    if why.proxy_variable:
        hint = f"{why.text}; {why.proxy_variable} is set, but edged uses `provider.proxy` only"
        return replace(found, text=hint)
    return found
