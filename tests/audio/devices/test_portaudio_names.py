"""Which of PortAudio's devices is opened, and what was tried before it: real PortAudio, over simulated cards.

It runs in a process of its own, because a fault of PortAudio ends that.
"""

import json
import os
import subprocess
import sys
from errno import EINVAL, EIO
from importlib.util import find_spec

import pytest

from edged.audio.devices import libasound
from tests.audio.devices.cards.rig import Spec, Stream

pytestmark = pytest.mark.skipif(
    not libasound.here() or not all(map(find_spec, ("pyaudio", "sounddevice"))),
    reason="no libasound, PyAudio or sounddevice: scripts/test installs them",
)
ADAPTERS = [("desktop", "Desktop"), ("portaudio", "PyAudio")]
BACKENDS = {"desktop": "sounddevice", "portaudio": "pyaudio"}
RATES = (8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
PROGRAM = """
import dataclasses, json, queue, sys
from edged.audio.devices.MODULE import KINDMicrophone as Microphone, KINDSpeaker as Speaker
from edged.errors import DeviceError
from tests.audio.devices.test_contract import IN_TIME_S, Sound, never

def tried(device, first):
    try:
        device.start(first, never)
    except DeviceError as error:
        return {"cause": error.cause, "error": str(error)}
    device.stop()
    return dataclasses.asdict(device.opened)

names = sys.argv[1:]
print(json.dumps([tried(Microphone(*names), queue.Queue().put), tried(Speaker(*names), Sound())]))
"""


@pytest.fixture
def opened(rig):
    """Returns what microphone and speaker have opened of the names; `first` refuses, `second` works."""

    def run(module, kind, refusal, *names, refused_rates=RATES):
        bad = Stream(RATES, (1, 2), refused_rates=refused_rates, refused_errno=refusal)
        good = Stream((48_000,), (2,))
        pcms = [f'pcm.{name} {{ type rigcard card {name} device "0" }}' for name in ("first", "second")]
        rig(
            Spec("First Card", bad, bad, id="first"),
            Spec("Second Card", good, good, id="second", port="1-1.4"),
            more="\n".join(pcms),
        )
        program = PROGRAM.replace("MODULE", module).replace("KIND", kind)
        done = subprocess.run(
            [sys.executable, "-c", program, *names],
            env=os.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return dict(zip(("microphone", "speaker"), json.loads(done.stdout), strict=True))

    return run


@pytest.mark.parametrize("refusal", [EINVAL, EIO])
@pytest.mark.parametrize(("module", "kind"), ADAPTERS)
def test_after_a_device_that_refuses_comes_the_next_name(opened, module, kind, refusal):
    for what, about in opened(module, kind, refusal, "nobody", "first", "second").items():
        assert (about["backend"], about["name"], about["wanted"]) == (BACKENDS[module], "second", "second")
        assert (about["rate_hz"], about["channels"]) == (48_000, 1)  # PortAudio plays one channel on both
        (missing, why_missing), (refused, why_refused) = about["tried"]
        assert (missing, why_missing) == ("nobody", f"cannot find {what} 'nobody'")
        assert refused == "first"
        assert why_refused.startswith(f"cannot open {what} 'first': ")


@pytest.mark.parametrize(("module", "kind"), ADAPTERS)
def test_a_layout_that_the_driver_lists_and_refuses_leads_to_the_next(opened, module, kind):
    for about in opened(module, kind, EINVAL, "first", refused_rates=(24_000, 44_100)).values():
        assert (about["name"], about["rate_hz"], about["tried"]) == ("first", 48_000, [])


@pytest.mark.parametrize(("module", "kind"), ADAPTERS)
def test_if_none_opens_the_error_names_each_with_its_reason(opened, module, kind):
    for what, about in opened(module, kind, EINVAL, "first", "nobody").items():
        assert about["error"].startswith(f"cannot open {what} 'first': ")
        assert f"then edged tried: cannot find {what} 'nobody'" in about["error"]
        assert about["error"].endswith(f"see `{what}.device`")
