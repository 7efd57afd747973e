"""Stand-ins for the text screen and the sound card of the push-to-talk program."""

import asyncio
from types import SimpleNamespace

CHANNELS = 1
SAMPLE_RATE = 24000


def override(method):
    return method


def reactive(value):
    return value


class Static:
    """A widget of which the tests use only the attributes."""

    def __init__(self, **_):
        self.written = ""

    def clear(self):
        self.written = ""

    def write(self, text):
        self.written = text

    def press(self):
        self.pressed = True


class Button(Static):
    pass


class RichLog(Static):
    pass


class Container:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class App:
    """Keeps its workers, and one widget for each name."""

    def __class_getitem__(cls, _):
        return cls

    def __init__(self):
        self._widgets = {}
        self.workers = []

    def query_one(self, sought, kind=None):
        return self._widgets.setdefault(sought, (kind or sought)())

    def run_worker(self, work):
        self.workers.append(asyncio.create_task(work))

    def exit(self):
        for worker in self.workers:
            worker.cancel()


ComposeResult = object
Key = SimpleNamespace
events = SimpleNamespace(Key=Key)


class AudioPlayerAsync:
    """Keeps what it has played since the last answer began."""

    def __init__(self):
        self.answers = []

    def reset_frame_count(self):
        self.answers.append(b"")

    def add_data(self, data):
        self.answers[-1] += data


class InputStream:
    """A microphone that has all of `sound` at once."""

    sound = b""

    def __init__(self, *, channels, samplerate, dtype):
        assert (channels, samplerate, dtype) == (CHANNELS, SAMPLE_RATE, "int16")
        self._left = self.sound
        self.running = False

    @property
    def read_available(self):
        return len(self._left) // 2

    def start(self):
        self.running = True

    def stop(self):
        self.running = False

    def close(self):
        pass

    def read(self, samples):
        data, self._left = self._left[: 2 * samples], self._left[2 * samples :]
        return data, False


sounddevice = SimpleNamespace(InputStream=InputStream, query_devices=lambda: "one microphone")
