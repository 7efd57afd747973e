"""Real ALSA: libasound's own plugins, and PulseAudio's null sinks behind them."""

import ctypes
import errno
import queue
import threading
import time
import wave

import pytest

from edged import pcm
from edged.audio.devices import alsa, alsa_open, alsa_pcm, libasound, thread_watchdog
from edged.audio.devices.alsa import AlsaMicrophone, AlsaOutlet, AlsaSpeaker
from edged.audio.devices.alsa_pcm import Pcm
from edged.audio.dsp.samples import Layout, spoken
from edged.audio.playout.jitter import JitterBuffer, PlaybackDrained, PlaybackFlushed
from edged.audio.playout.playout import Playout
from edged.errors import DeviceError
from edged.pcm import PCM16
from edged.wire import Part
from tests.audio.devices.test_contract import IN_TIME_S, Sound, never
from tests.audio.devices.test_portaudio import TONE_HZ, loud, pitch, tone

here = pytest.mark.skipif(not libasound.here(), reason="no libasound: apt-get install -y libasound2")
pulse_suite = pytest.mark.pulse


def defined(folder, monkeypatch, text):
    """This process's ALSA configuration, with devices of the test."""
    (folder / "asound.conf").write_text(text)
    monkeypatch.setenv("ALSA_CONFIG_PATH", f"/usr/share/alsa/alsa.conf:{folder}/asound.conf")


def stop_in_time(device):
    ended = threading.Thread(target=device.stop, daemon=True)
    ended.start()
    ended.join(IN_TIME_S)
    assert not ended.is_alive()


@here
def test_our_own_layout_is_preferred():
    device = Pcm("speaker", "null", period_ms=10, buffer_ms=200)
    assert str(device.layout) == "24000 Hz, 1 channel, s16"
    assert (device.period_frames, device.buffer_frames) == (240, 4800)
    assert device.card < 0
    device.close()
    device.close()


def channels(count):
    """A device with exactly this many channels."""
    bindings = " ".join(f"bindings.{at} {{ slave a channel {at} }}" for at in range(count))
    return f"type multi slaves.a {{ pcm {{ type null }} channels {count} }} {bindings}"


@here
@pytest.mark.parametrize(
    ("described", "layout"),
    [
        ("type plug slave { pcm null rate 48000 }", "48000 Hz, 1 channel, s16"),
        ("type plug slave { pcm null rate 44100 }", "44100 Hz, 1 channel, s16"),
        (channels(2), "24000 Hz, 2 channels, s16"),
        (channels(6), "24000 Hz, 6 channels, s16"),
    ],
)
@pytest.mark.parametrize("what", ["speaker", "microphone"])
def test_what_a_device_has_is_used_as_it_is(tmp_path, monkeypatch, what, described, layout):
    """ALSA must not change the rate on its own, because its resampler would alias."""
    defined(tmp_path, monkeypatch, f"pcm.kiosk {{ {described} }}")
    device = Pcm(what, "kiosk", period_ms=20, buffer_ms=200)
    device.close()
    assert str(device.layout) == layout
    assert device.layout.ms_of(device.period_frames) == 20


@here
@pytest.mark.parametrize(
    ("described", "rate_hz"), [(channels(1), 16_000), ("type plug slave { pcm null rate 48000 }", 48_000)]
)
@pytest.mark.parametrize("what", ["speaker", "microphone"])
def test_the_rate_of_our_sound_goes_before_every_other(tmp_path, monkeypatch, what, described, rate_hz):
    defined(tmp_path, monkeypatch, f"pcm.kiosk {{ {described} }}")
    device = Pcm(what, "kiosk", period_ms=20, buffer_ms=200, rate_hz=16_000)
    device.close()
    assert device.layout.rate_hz == rate_hz


@here
@pytest.mark.parametrize("rate_hz", [16_000, 24_000])
def test_the_microphone_asks_for_the_rate_of_the_service(tmp_path, monkeypatch, rate_hz):
    defined(tmp_path, monkeypatch, f"pcm.kiosk {{ {channels(1)} }}")
    opened = []

    class Watched(alsa_open.Pcm):
        def __init__(self, *arguments, **more):
            super().__init__(*arguments, **more)
            opened.append(self.layout.rate_hz)

    monkeypatch.setattr(alsa_open, "Pcm", Watched)
    microphone = alsa.AlsaMicrophone("kiosk", fmt=pcm.Format(rate_hz))
    microphone.start(lambda _: None, lambda _: None)
    microphone.stop()
    assert opened == [rate_hz]


class Refusing:
    """The library with a driver that lists these rates and refuses them."""

    def __init__(self, real, *rates, code=errno.EINVAL):
        self._real, self._rates, self._code = real, rates, code

    def __getattr__(self, name):
        return getattr(self._real, name)

    def snd_pcm_hw_params(self, at, params):
        rate = ctypes.c_uint()
        self._real.snd_pcm_hw_params_get_rate(params, ctypes.byref(rate), ctypes.byref(ctypes.c_int()))
        return -self._code if rate.value in self._rates else self._real.snd_pcm_hw_params(at, params)


@here
def test_a_rate_that_the_driver_lists_and_refuses_is_passed_over(tmp_path, monkeypatch):
    defined(tmp_path, monkeypatch, f"pcm.kiosk {{ {channels(2)} }}")
    library = Refusing(libasound.library(), 16_000, 24_000)
    monkeypatch.setattr(alsa_pcm, "library", lambda: library)
    device = Pcm("microphone", "kiosk", period_ms=20, buffer_ms=200, rate_hz=16_000)
    device.close()
    assert str(device.layout) == "48000 Hz, 2 channels, s16"
    library = Refusing(libasound.library(), 16_000, code=errno.ENODEV)
    with pytest.raises(DeviceError, match="No such device"):
        Pcm("microphone", "kiosk", period_ms=20, buffer_ms=200, rate_hz=16_000)


@here
def test_a_channel_that_is_wanted_has_to_be_there(tmp_path, monkeypatch):
    defined(tmp_path, monkeypatch, f"pcm.kiosk {{ {channels(2)} }}")
    with pytest.raises(DeviceError, match=r"'kiosk' has no format .* needs 4 or more channels") as caught:
        Pcm("microphone", "kiosk", period_ms=20, buffer_ms=200, channel=3)
    assert caught.value.cause == "device_unfit"


@here
def test_what_is_written_is_what_the_device_gets(tmp_path, monkeypatch):
    out = tmp_path / "out.raw"
    defined(tmp_path, monkeypatch, f"pcm.kiosk {{ type file file {out} format raw slave.pcm null }}")
    device = Pcm("speaker", "kiosk", period_ms=10, buffer_ms=200)
    device.write(spoken(tone(0.1), device.layout))
    device.start()
    device.close()
    assert out.read_bytes()[: 2400 * 2] == tone(0.1)


@here
def test_a_device_that_is_not_there_is_an_error_that_names_it_and_says_nothing_else(capfd):
    for what, device in (("microphone", AlsaMicrophone("hw:CARD=Bogus")), ("speaker", AlsaSpeaker("Bogus"))):
        with pytest.raises(DeviceError, match=rf"{what} '.*Bogus'") as caught:
            device.start(Sound() if what == "speaker" else queue.Queue().put, never)
        assert caught.value.cause == f"{what}_lost"
        device.stop()
    assert capfd.readouterr().err == ""  # the library's messages stay out of the journal


@here
@pytest.mark.parametrize(
    ("number", "cause"),
    [
        (errno.EBUSY, "device_busy"),
        (errno.EACCES, "device_denied"),
        (errno.ENODEV, "speaker_lost"),
        (errno.ENOENT, "speaker_lost"),
    ],
)
def test_each_refusal_has_its_cause_and_the_librarys_own_word(number, cause):
    error = libasound.failure("speaker", "hw:CARD=Jabra,DEV=0", -number)
    assert error.cause == cause
    assert "'hw:CARD=Jabra,DEV=0' cannot be opened: " in str(error)
    assert libasound.said(-number) in str(error)


@pytest.mark.slow
@here
def test_a_device_without_a_pace_of_its_own_does_not_keep_the_machine_busy():
    microphone, blocks = AlsaMicrophone("null"), queue.Queue()
    began = time.monotonic()
    microphone.start(blocks.put, never)
    heard_s = 0.0
    while heard_s < 2.0:
        heard_s += PCM16.ms_of(len(blocks.get())) / 1000
        assert heard_s < time.monotonic() - began + 1.6  # a buffer, the same amount ahead, and a block
    microphone.stop()


@here
def test_the_first_that_opens_is_taken(tmp_path, monkeypatch):
    out = tmp_path / "out.raw"
    defined(tmp_path, monkeypatch, f"pcm.kiosk {{ type file file {out} format raw slave.pcm null }}")
    speaker, source = AlsaSpeaker("hw:CARD=Bogus", "usb:dead:beef", "kiosk"), Sound(960)
    speaker.start(source, never)
    assert source.finished.wait(IN_TIME_S)
    speaker.stop()
    assert out.exists()


# Over PulseAudio, which has a clock of its own, like a card.


class Full:
    """An open device, a card or (-1) a sound server, that takes nothing. Time passes in its waits."""

    name, layout, buffer_frames = "kiosk", Layout(), 6000

    def __init__(self, card):
        self.card, self.now_s = card, 0.0

    def write(self, frames):
        return 0

    def start(self):
        pass

    def wait(self, within_ms):
        self.now_s += within_ms / 1000
        return False


@pytest.mark.parametrize("card", [0, -1])
def test_one_that_takes_nothing_is_lost_before_its_thread_seems_to_hang(card):
    device = Full(card)
    with pytest.raises(DeviceError, match="no longer takes sound") as caught:
        AlsaOutlet(device, lambda: device.now_s).write(bytes(960))
    assert caught.value.cause == "speaker_lost"
    assert device.now_s < (thread_watchdog.MISSED - 0.5) * thread_watchdog.LOOK_S


@pytest.fixture
def said(tmp_path):
    path = tmp_path / "tone.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(24_000)
        file.writeframes(tone(2.0))
    return str(path)


def judge(sound, seconds):
    first, last = loud(sound)
    assert (last - first) / 24_000 == pytest.approx(seconds, abs=0.1)
    assert pitch(sound[2 * first : 2 * last]) == pytest.approx(TONE_HZ, abs=2)


FORMATS = [("s16",), ("s32",), ("s24in3",), ("float",)]


@pulse_suite
@pytest.mark.parametrize("formats", FORMATS, ids=str)
def test_a_tone_is_heard_in_whatever_format_it_comes(pulse, said, monkeypatch, formats):
    monkeypatch.setattr(libasound, "FORMATS", {name: libasound.FORMATS[name] for name in formats})
    microphone, blocks = AlsaMicrophone("mic"), queue.Queue()
    microphone.start(blocks.put, never)
    blocks.get(timeout=IN_TIME_S)
    pulse.play(said)
    heard = b"".join(blocks.get(timeout=IN_TIME_S) for _ in range(200))
    microphone.stop()
    judge(heard, 2.0)


@pulse_suite
@pytest.mark.parametrize("formats", FORMATS, ids=str)
def test_an_answer_comes_out_whole_in_whatever_format_it_goes(pulse, monkeypatch, formats):
    monkeypatch.setattr(libasound, "FORMATS", {name: libasound.FORMATS[name] for name in formats})
    playout = Playout(JitterBuffer(), notify=lambda: None)
    speaker, record = AlsaSpeaker("speaker"), pulse.record()
    speaker.start(playout, never)
    playout.push(Part("item", 0), tone(1.5))
    playout.end()
    heard = record(3.0)
    speaker.stop()
    judge(heard, 1.5)
    assert PlaybackDrained() in playout.events()


@pulse_suite
def test_an_interrupt_silences_a_sound_server_too(pulse):
    news = threading.Event()
    playout = Playout(JitterBuffer(), notify=news.set)
    speaker, record = AlsaSpeaker("speaker"), pulse.record()
    speaker.start(playout, never)
    playout.push(Part("item", 0), tone(5))
    assert news.wait(IN_TIME_S)  # it has started
    playout.events()
    news.clear()
    before = record(1.0)
    playout.flush()
    assert news.wait(IN_TIME_S)
    (flushed,) = playout.events()
    heard = before + record(2.0)
    speaker.stop()
    assert isinstance(flushed, PlaybackFlushed)
    first, last = loud(heard)
    # a sound server's own report
    assert (last - first) / 24 == pytest.approx(flushed.heard[0].played_ms, abs=250)
    assert flushed.heard[0].played_ms < 1500


@pulse_suite
def test_when_the_sound_server_goes_both_are_lost_and_can_be_closed(pulse):
    microphone, blocks, lost = AlsaMicrophone("mic"), queue.Queue(), queue.Queue()
    speaker, source = AlsaSpeaker("speaker"), Sound(10**9)
    microphone.start(blocks.put, lost.put)
    speaker.start(source, lost.put)
    blocks.get(timeout=IN_TIME_S)
    pulse.stop()
    errors = [lost.get(timeout=IN_TIME_S) for _ in range(2)]
    for what, device in (("microphone", microphone), ("speaker", speaker)):
        (error,) = [error for error in errors if what in str(error)]
        assert error.cause in {"sound_server", "device_hung"}
        # PulseAudio's plugin may not return if its server goes at that moment
        if error.cause != "device_hung":
            stop_in_time(device)
    with pytest.raises(DeviceError, match="'speaker'"):
        AlsaSpeaker("speaker").start(Sound(), never)


@pulse_suite
def test_the_default_device_is_found(pulse):
    microphone, blocks = AlsaMicrophone(), queue.Queue()
    microphone.start(blocks.put, never)
    assert blocks.get(timeout=IN_TIME_S)
    microphone.stop()
