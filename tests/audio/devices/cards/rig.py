"""A machine with sound cards: the kernel's trees about them, and an ALSA that opens them as the kernel would."""

import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

SOURCES = tuple(Path(__file__).with_name(each) for each in ("rigcard.c", "rigmixer.c"))
COMMAND = ("gcc", "-shared", "-fPIC", "-DPIC", "-O1")


@dataclass(frozen=True)
class Stream:
    """One direction of a card. `shared`: hw: is busy, and dmix or dsnoop can be opened."""

    rates: tuple[int, ...] = (48_000,)
    channels: tuple[int, ...] = (2,)
    formats: tuple[str, ...] = ("S16_LE",)
    device: int = 0
    refused_rates: tuple[int, ...] = ()
    refused_formats: tuple[str, ...] = ()
    refused_errno: int = 22
    open_errno: int = 0
    open_ms: int = 0
    set_ms: int = 0
    shared: bool = False

    def described(self, record: Path | None = None) -> str:
        """Itself, in ALSA's configuration."""
        rows = [
            _list("formats", self.formats),
            _list("rates", self.rates),
            _list("channel_counts", self.channels),
            _list("refused_rates", self.refused_rates),
            _list("refused_formats", self.refused_formats),
            f"refused_errno {self.refused_errno} open_errno {self.open_errno}",
            f"open_ms {self.open_ms} set_ms {self.set_ms}",
        ]
        return " ".join(["{", *filter(None, rows), f'record "{record}"' if record else "", "}"])


def _list(key: str, values: Iterable[object]) -> str:
    shown = " ".join(map(str, values))
    return f"{key} [ {shown} ]" if shown else ""


@dataclass(frozen=True)
class Spec:
    """A card as it is sold. `id`: only if its driver or udev gives one; otherwise the kernel makes it from the name."""

    name: str
    microphone: Stream | None = None
    speaker: Stream | None = None
    usb: tuple[str, str, str] | None = None
    port: str = "1-1.2"
    id: str = ""
    driver: str = "USB-Audio"
    controls: tuple[str, ...] = ()
    """Of its mixer, such as `Speaker Playback Volume` and `Mic Capture Switch`."""
    controller: str = "3f980000.usb"

    def stream(self, what: str) -> Stream | None:
        return self.microphone if what == "microphone" else self.speaker

    @property
    def is_hdmi(self) -> bool:
        """Whether it takes nothing but frames of IEC958, as the HDMI of a Raspberry Pi."""
        return self.speaker is not None and self.speaker.formats == ("IEC958_SUBFRAME_LE",)


def kernel_id(name: str, taken: Iterable[str]) -> str:
    """The id that the kernel makes: the last word of the name, with a number if that is taken (sound/core/init.c)."""
    last = max([0, *(at + 1 for at in range(len(name) - 1) if name[at] == " " and name[at + 1].isalnum())])
    word = "".join(each for each in name[last:] if each.isalnum())
    word = (name[0] if word[0].isdigit() else "") + word
    word = word[:15]
    ids, at = set(taken), 1
    made = word
    while made in ids:
        suffix = f"_{at}"
        made, at = word[: 15 - len(suffix)] + suffix, at + 1
    return made


@dataclass
class Machine:
    """Cards are plugged in and out under the numbers that the test gives."""

    folder: Path
    plugged: dict[int, tuple[str, Spec]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.proc, self.sys, self._devices = (self.folder / each for each in ("asound", "class", "devices"))
        for each in (self.proc, self.sys, self._devices):
            each.mkdir(parents=True)

    def boot(self, *specs: Spec) -> "Machine":
        """Plug in several, in this order."""
        for spec in specs:
            self.plug(spec)
        return self

    def plug(self, spec: Spec) -> str:
        """Plug in a card and return the id that it gets."""
        number = next(at for at in range(32) if at not in self.plugged)
        made = spec.id or kernel_id(spec.name, (each for each, _ in self.plugged.values()))
        self.plugged[number] = (made, spec)
        folder = self.proc / f"card{number}"
        folder.mkdir()
        (folder / "id").write_text(f"{made}\n")
        for way, stream in (("c", spec.microphone), ("p", spec.speaker)):
            if stream is not None:
                (folder / f"pcm{stream.device}{way}").mkdir()
        (self.proc / made).symlink_to(folder)
        device = self._devices / spec.controller / (spec.port if spec.usb else f"soc-{made}")
        device.mkdir(parents=True)
        if spec.usb is not None:
            for key, value in zip(("idVendor", "idProduct", "serial"), spec.usb, strict=True):
                if value:
                    (device / key).write_text(f"{value}\n")
            device /= f"{spec.port}:1.0"
            device.mkdir()
        (self.sys / f"card{number}").mkdir()
        (self.sys / f"card{number}" / "device").symlink_to(device)
        self._list()
        return made

    def unplug(self, made: str) -> None:
        number = next(at for at, (each, _) in self.plugged.items() if each == made)
        spec = self.plugged.pop(number)[1]
        shutil.rmtree(self.proc / f"card{number}")
        (self.proc / made).unlink()
        shutil.rmtree(self.sys / f"card{number}")
        shutil.rmtree(self._devices / spec.controller / (spec.port if spec.usb else f"soc-{made}"))
        self._list()

    def _list(self) -> None:
        rows = []
        for number, (made, spec) in sorted(self.plugged.items()):
            path = spec.port.partition("-")[2]
            where = f"at usb-{spec.controller}-{path}, full speed" if spec.usb else spec.name
            rows.append(f"{number:2} [{made:15}]: {spec.driver} - {spec.name}\n{'':22}{spec.name} {where}\n")
        (self.proc / "cards").write_text("".join(rows))

    def levels(self, made: str) -> dict[str, int]:
        """What was set last on the mixer of a card, by the names of its controls."""
        path = self.folder / f"{made}.levels"
        lines = path.read_text().splitlines() if path.exists() else []
        return {name: int(value) for name, _, value in (line.rpartition(" ") for line in lines)}

    def configuration(self, plugin: Path, more: str = "") -> str:
        """ALSA's configuration for these cards, beside the one of the system."""
        rows = [f'pcm_type.rigcard {{ lib "{plugin}" }}', f'ctl_type.rigcard {{ lib "{plugin}" }}', _NAMES]
        for made, spec in self.plugged.values():
            levels = " ".join(f"'{each}' 0" for each in spec.controls)
            rows.append(f'rigcards.{made} {{ levels "{self.folder / made}.levels" controls {{ {levels} }} }}')
            for way, stream in (("capture", spec.microphone), ("playback", spec.speaker)):
                if stream is not None:
                    record = self.folder / f"{made}.raw" if way == "playback" else None
                    rows.append(f"rigcards.{made}.{way}.{stream.device} {stream.described(record)}")
                    if stream.shared:
                        shared = Stream(channels=(2,)).described(record)
                        rows.append(f"rigcards.{made}.{way}.shared {shared}")
            raw = f'{{ type rigcard card {made} device "0" }}'
            iec = f"{{ type iec958 hdmi_mode true slave {{ format IEC958_SUBFRAME_LE pcm {raw} }} }}"
            if spec.is_hdmi:
                rows.append(f"pcm.rig_hdmi_{made} {iec}")
            rows.append(f"pcm.rig_default_{made} {{ type plug slave.pcm {iec if spec.is_hdmi else raw} }}")
        return "\n".join([*rows, more, ""])

    def alsa(self, plugin: Path, more: str = "") -> dict[str, str]:
        """Write that configuration, and return the environment that makes ALSA read it."""
        path = self.folder / "asound.conf"
        path.write_text(self.configuration(plugin, more))
        return {"ALSA_CONFIG_PATH": f"/usr/share/alsa/alsa.conf:{path}"}


_ARGS = """@args [ CARD DEV ]
 @args.CARD { type string default "none" }
 @args.DEV { type string default "0" }"""
_NAMES = f"""
pcm.!hw {{ {_ARGS}
 type rigcard card $CARD device $DEV }}
pcm.!plughw {{ {_ARGS}
 type plug slave.pcm {{ type rigcard card $CARD device $DEV }} }}
pcm.!dmix {{ {_ARGS}
 type rigcard card $CARD device shared }}
pcm.!dsnoop {{ {_ARGS}
 type rigcard card $CARD device shared }}
pcm.!hdmi {{ {_ARGS}
 type empty slave.pcm {{ @func concat strings [ "rig_hdmi_" $CARD ] }} }}
ctl.!hw {{ @args [ CARD ]
 @args.CARD {{ type string default "none" }}
 type rigcard card $CARD }}
pcm.!sysdefault {{ {_ARGS}
 type empty slave.pcm {{ @func concat strings [ "rig_default_" $CARD ] }} }}
"""
"""ALSA's own names, which open the cards of the rig. `DEV` is text here, since the plugin takes it so."""


def build(folder: Path) -> tuple[Path | None, str]:
    """Compile the plugin. Returns its path, or None and the reason why not."""
    if shutil.which(COMMAND[0]) is None:
        return None, "no gcc: apt-get install -y gcc"
    out = folder / "librigcard.so"
    done = subprocess.run(
        [*COMMAND, "-o", out, *SOURCES, "-lasound"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )
    if done.returncode:
        first = (done.stderr.splitlines() or ["gcc failed"])[0]
        return None, f"the rig's card cannot be built (apt-get install -y libasound2-dev): {first}"
    return out, ""


def counted(frames: int) -> list[int]:
    """What a microphone of the rig delivers first, at the card's own rate."""
    return [at * 7 % 30_000 - 15_000 for at in range(frames)]


def played(raw: bytes, sample: str, channels: int) -> list[int]:
    """The 16 highest bits of what the first channel of a card was given; `sample` is ALSA's name for the format."""
    width, high = _WIDTHS[sample]
    samples = [raw[at : at + width] for at in range(0, len(raw) - width + 1, width * channels)]
    return [high(each) for each in samples]


def _signed(value: int) -> int:
    return value - 65_536 if value & 32_768 else value


def _float(sample: bytes) -> int:
    import struct

    return round(struct.unpack("<f", sample)[0] * 32_768)


_WIDTHS = {
    "S16_LE": (2, lambda each: int.from_bytes(each, "little", signed=True)),
    "U8": (1, lambda each: (each[0] - 128) * 256),
    "S16_BE": (2, lambda each: int.from_bytes(each, "big", signed=True)),
    "S24_3LE": (3, lambda each: int.from_bytes(each[1:], "little", signed=True)),
    "S24_3BE": (3, lambda each: int.from_bytes(each[:2], "big", signed=True)),
    "S24_LE": (4, lambda each: int.from_bytes(each[1:3], "little", signed=True)),
    "S32_LE": (4, lambda each: int.from_bytes(each[2:], "little", signed=True)),
    "FLOAT_LE": (4, _float),
    # bits 12 to 27 of the 24 bits of sound in a frame of IEC958
    "IEC958_SUBFRAME_LE": (4, lambda each: _signed(int.from_bytes(each, "little") >> 12 & 0xFFFF)),
}
