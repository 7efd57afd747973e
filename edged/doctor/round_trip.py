"""How long the way to the service and back takes. Pure."""

from collections.abc import Iterator

from edged.doctor.check import WARNING, Check, DoctorFinding

CHECK = Check(
    "round_trip",
    "line",
    "how long a message to the service and back takes",
    {"round_trip_long": WARNING},
    needs=("session",),
)
LONG_MS = 800.0


def judge(trip_ms: float) -> Iterator[DoctorFinding]:
    if trip_ms > LONG_MS:
        yield CHECK.found("round_trip_long", f"a round trip takes {trip_ms:.0f} ms")
