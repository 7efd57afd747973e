"""Whether the name of the service can be looked up. Pure."""

from dataclasses import replace

from edged.doctor.check import FAILURE, Check, DoctorFinding

CHECK = Check(
    "names",
    "line",
    "whether the name of the service can be looked up (DNS)",
    {
        "dns_failed": FAILURE,
    },
    needs=("route",),
)
_NO_SUCH_NAME = ("Name or service not known", "No address associated with hostname", "nodename nor servname")


def explained(found: DoctorFinding, *, by_proxy: bool) -> DoctorFinding:
    """A name server that answers that there is no such name is not broken: the name is wrong."""
    key = "provider.proxy" if by_proxy else "provider.url"
    if any(each in found.text for each in _NO_SUCH_NAME):
        remedy = f"There is no such name. Check its spelling in `{key}`, then the network's name server."
        return replace(found, remedy=remedy)
    return found
