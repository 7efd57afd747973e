"""What every microphone and every speaker does, with each adapter that can run here."""

import contextlib
import queue
import threading

import pytest

from edged.audio.devices.null import NullMicrophone, NullSpeaker
from edged.audio.devices.pace import ThreadPace
from edged.audio.devices.wav import WavMicrophone, WavSpeaker

BLOCK = 960
IN_TIME_S = 60  # this means a hang; a busy machine is slow


class Sound:
    """A source with this many bytes to play; `idle` when they are gone."""

    def __init__(self, n_bytes=0):
        self.on_work = self.on_cut = None
        self.left = n_bytes
        self.taken = 0
        self.threads = set()
        self.latency_set_by = []  # the latencies, each with its thread and the bytes taken by then
        self.rested = threading.Event()
        self.finished = threading.Event()
        self._lock = threading.Lock()

    @property
    def ready_bytes(self):
        with self._lock:
            return self.left

    def take(self, n_bytes):
        self.threads.add(threading.current_thread())
        with self._lock:
            self.taken += n_bytes
            self.left = max(0, self.left - n_bytes)
            if not self.left:
                self.finished.set()
        return bytes(n_bytes)

    def set_latency(self, ms):
        assert ms >= 0
        self.latency_set_by.append((threading.current_thread(), self.taken))

    def cut_done(self, unheard_bytes):
        assert unheard_bytes >= 0

    @property
    def idle(self):
        with self._lock:
            return not self.left

    def work(self, n_bytes):
        with self._lock:
            self.left = n_bytes
            self.finished.clear()
        if self.on_work is not None:
            self.on_work()


def pyaudio_microphone(_):
    from edged.audio.devices.portaudio import PyAudioMicrophone

    return PyAudioMicrophone("mic")


def pyaudio_speaker(_):
    from edged.audio.devices.portaudio import PyAudioSpeaker

    return PyAudioSpeaker("speaker")


def alsa_microphone(_):
    from edged.audio.devices.alsa import AlsaMicrophone

    return AlsaMicrophone("mic")


def alsa_speaker(_):
    from edged.audio.devices.alsa import AlsaSpeaker

    return AlsaSpeaker("speaker")


def desktop_microphone(_):
    from edged.audio.devices.desktop import DesktopMicrophone

    return DesktopMicrophone("mic")


def desktop_speaker(_):
    from edged.audio.devices.desktop import DesktopSpeaker

    return DesktopSpeaker("speaker")


MICROPHONES = {
    "null": lambda path: NullMicrophone(ThreadPace("microphone")),
    "wav": lambda path: WavMicrophone(ThreadPace("microphone"), speech=b"\1\2" * 4800),
    "pyaudio": pyaudio_microphone,
    "alsa": alsa_microphone,
    "sounddevice": desktop_microphone,
}
SPEAKERS = {
    "null": lambda path: NullSpeaker(ThreadPace("speaker")),
    "wav": lambda path: WavSpeaker(path / "out.wav", ThreadPace("speaker")),
    "pyaudio": pyaudio_speaker,
    "alsa": alsa_speaker,
    "sounddevice": desktop_speaker,
}


REAL = ("pyaudio", "alsa", "sounddevice")


def over(adapters):
    return [pytest.param(name, marks=pytest.mark.pulse if name in REAL else ()) for name in adapters]


@pytest.fixture
def make(request, tmp_path):
    """Makes an adapter by name, with PulseAudio if it needs one."""
    made = []
    if request.node.callspec.params["name"] in REAL:
        request.getfixturevalue("pulse")  # made first, so that it is removed after everything was stopped

    def make(adapters, name):
        made.append(adapters[name](tmp_path))
        return made[-1]

    yield make
    for device in made:
        device.stop()


def never(error):
    raise AssertionError(error)


@pytest.mark.parametrize("name", over(MICROPHONES))
def test_a_microphone_hands_blocks_of_whole_samples_until_it_is_stopped(make, name):
    microphone, blocks = make(MICROPHONES, name), queue.Queue()
    microphone.start(blocks.put, never)
    got = [blocks.get(timeout=IN_TIME_S) for _ in range(5)]
    assert all(isinstance(block, bytes) and block and not len(block) % 2 for block in got)
    microphone.stop()
    while not blocks.empty():
        blocks.get()
    with pytest.raises(queue.Empty):
        blocks.get(timeout=0.1)


@pytest.mark.parametrize("name", over(MICROPHONES))
def test_a_microphone_can_be_stopped_twice_and_started_again(make, name):
    microphone, blocks = make(MICROPHONES, name), queue.Queue()
    microphone.stop()
    for _ in range(2):
        microphone.start(blocks.put, never)
        blocks.get(timeout=IN_TIME_S)
        microphone.stop()
        microphone.stop()


@pytest.mark.slow
@pytest.mark.parametrize("name", over(SPEAKERS))
def test_a_speaker_takes_all_there_is_and_then_rests(make, name):
    speaker, source = make(SPEAKERS, name), Sound(BLOCK * 10)
    speaker.start(source, never)
    assert source.finished.wait(IN_TIME_S)
    assert source.taken >= BLOCK * 10
    with contextlib.suppress(queue.Empty):
        queue.Queue().get(timeout=0.2)
    taken = source.taken
    with contextlib.suppress(queue.Empty):
        queue.Queue().get(timeout=0.2)
    assert source.taken == taken  # it rests
    assert speaker.latency_ms >= 0


@pytest.mark.parametrize("name", over(SPEAKERS))
def test_a_speaker_tells_its_latency_before_the_first_take_and_then_from_the_thread_that_takes(make, name):
    speaker, source = make(SPEAKERS, name), Sound(BLOCK * 10)
    speaker.start(source, never)
    assert source.finished.wait(IN_TIME_S)
    speaker.stop()
    assert source.latency_set_by[0][1] == 0
    assert {thread for thread, taken in source.latency_set_by if taken} <= source.threads


@pytest.mark.parametrize("name", over(SPEAKERS))
def test_a_resting_speaker_is_woken_by_work(make, name):
    speaker, source = make(SPEAKERS, name), Sound(BLOCK)
    speaker.start(source, never)
    for _ in range(3):
        assert source.finished.wait(IN_TIME_S)
        source.work(BLOCK * 3)
    assert source.finished.wait(IN_TIME_S)
    assert len(source.threads) == 1  # all calls come from one thread


@pytest.mark.parametrize("name", over(SPEAKERS))
def test_a_speaker_can_be_stopped_at_any_time_and_started_again(make, name):
    speaker = make(SPEAKERS, name)
    speaker.stop()
    for n_bytes in (0, BLOCK * 1000):
        source = Sound(n_bytes)
        speaker.start(source, never)
        speaker.stop()
        speaker.stop()
        taken = source.taken
        source.work(BLOCK)
        with contextlib.suppress(queue.Empty):
            queue.Queue().get(timeout=0.05)
        assert source.taken == taken
        assert source.on_work is None
        assert source.on_cut is None
