"""Whether the certificate of the service is valid, and for how long. Pure."""

from dataclasses import replace

from edged.doctor.check import FAILURE, WARNING, Check, DoctorFinding

CHECK = Check(
    "certificate",
    "line",
    "TLS: whether the certificate is valid and for this host, who issued it, when it ends",
    {
        "tls_failed": FAILURE,
        "captive_portal": FAILURE,
        "clock_unset": FAILURE,
        "certificate_ends": WARNING,
    },
    needs=("clock", "connection"),
)
UNREAD = "provider.ca_file: "
"""So begins the text about a file of authorities that cannot be used."""
_EXPIRED = (
    "Renew the certificate of the service, or tell its operator. If the date of this machine is wrong (`date`), check"
    " its time synchronisation (`timedatectl`)."
)
_FILE = (
    "Correct `provider.ca_file`: it names a file in PEM format with the certificate of your authority, which the user"
    " that runs edged can read. If the service has a public certificate, leave it empty."
)
_ANOTHER = (
    "Another authority than those in `provider.ca_file` has issued this certificate. Put the certificate of that"
    " authority into the file; if the service has a public certificate, leave `provider.ca_file` empty."
)


def explained(found: DoctorFinding, *, ca_file: str) -> DoctorFinding:
    """The finding, with a remedy that fits what is wrong with the certificate."""
    if found.cause != "tls_failed":
        return found
    if UNREAD in found.text:
        return replace(found, remedy=_FILE)
    if "has expired" in found.text:
        return replace(found, remedy=_EXPIRED)
    return replace(found, remedy=_ANOTHER) if ca_file and "authority" in found.text else found
