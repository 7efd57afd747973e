"""How PortAudio's devices are opened, whichever package brings it: what to try, and what a refusal means. Pure."""

from collections.abc import Iterator, Sequence

from edged.audio.dsp.samples import RATES, Layout
from edged.errors import DeviceError

BUSY = -9985  # paDeviceUnavailable
UNFIT = (-9997, -9998, -9994)  # paInvalidSampleRate, paInvalidChannelCount, paSampleFormatNotSupported


def layouts(own_hz: int, least: int, most: int) -> Iterator[Layout]:
    """What to try, best first: our own rate, the device's, and those that most have; so many channels."""
    for rate_hz in dict.fromkeys((RATES[0], own_hz, *RATES[1:4])):
        for channels in dict.fromkeys((least, max(least, min(2, most)), most)):
            if least <= channels <= most:
                yield Layout(rate_hz, channels)


def named(devices: Sequence[str]) -> str:
    """For a sentence."""
    return ", ".join(map(repr, devices))


def refusal(what: str, devices: Sequence[str], code: int | None, why: object) -> DeviceError:
    """None of `devices` opens; `code` is PortAudio's for the last, None: nothing fitted and so nothing was tried."""
    unfit = code is None or code in UNFIT
    cause = "device_unfit" if unfit else "device_busy" if code == BUSY else f"{what}_lost"
    told = "it has too few channels" if code is None else why
    return DeviceError(f"can not open {what} {named(devices)}: {told}; see `{what}.device`", cause)
