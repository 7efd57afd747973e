import struct
import wave
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.phrases.wave_file import of_sound, sound_of


def sine(rate_hz, seconds=0.5, hz=500.0, level=0.4):
    return level * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate_hz)) / rate_hz)


def whole(samples, width):
    """Samples from -1 to 1 as whole numbers of this many bytes."""
    if width == 1:
        return np.round(samples * 127 + 128).astype(np.uint8).tobytes()
    numbers = np.round(samples * (2 ** (8 * width - 1) - 1)).astype(np.int64)
    return b"".join(int(number).to_bytes(width, "little", signed=True) for number in numbers)


def written(samples, rate_hz=24_000, width=2, channels=1):
    file = BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(width)
        out.setframerate(rate_hz)
        out.writeframes(whole(np.repeat(samples, channels), width))
    return file.getvalue()


def parts(*named):
    body = b"".join(
        name + struct.pack("<I", len(part)) + part + b"\0" * (len(part) % 2) for name, part in named
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def assert_like(sound, samples):
    heard = np.frombuffer(sound, np.int16) / 32767
    n = min(len(heard), len(samples))
    assert abs(len(heard) - len(samples)) <= 0.012 * 24_000
    shifts = [np.dot(heard[at : at + n - 400], samples[200 : n - 200]) for at in range(400)]
    at = int(np.argmax(shifts))
    heard, samples = heard[at : at + n - 400], samples[200 : n - 200]
    norm = np.linalg.norm(heard) * np.linalg.norm(samples)
    assert np.dot(heard, samples) / norm > 0.995
    assert np.linalg.norm(heard) == pytest.approx(np.linalg.norm(samples), rel=0.02)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_whole_numbers_of_any_width_and_several_channels(width, channels):
    assert_like(sound_of(written(sine(24_000), width=width, channels=channels), 10), sine(24_000))


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000])
def test_any_usual_rate(rate_hz):
    assert_like(sound_of(written(sine(rate_hz), rate_hz), 10), sine(24_000))


def test_our_own_rate_is_not_touched():
    samples = np.arange(-3000, 3000).astype(np.int16)
    file = parts((b"fmt ", struct.pack("<HHIIHH", 1, 1, 24_000, 48_000, 2, 16)), (b"data", samples.tobytes()))
    assert sound_of(file, 10) == samples.tobytes()


def test_floating_point_also_if_it_is_too_loud_or_no_number():
    samples = sine(24_000).astype(np.float32)
    layout = struct.pack("<HHIIHH", 3, 1, 24_000, 96_000, 4, 32)
    assert_like(sound_of(parts((b"fmt ", layout), (b"data", samples.tobytes())), 10), samples)
    odd = np.array([9.0, -9.0, np.nan, np.inf, 0.0], np.float32).tobytes()
    heard = np.frombuffer(sound_of(parts((b"fmt ", layout), (b"data", odd)), 10), np.int16)
    assert list(heard) == [32767, -32768, 0, 32767, 0]


def test_the_longer_format_of_recorders_and_parts_that_nobody_needs():
    rest = struct.pack("<HHI", 22, 16, 4) + struct.pack("<H", 1) + bytes(14)
    layout = struct.pack("<HHIIHH", 0xFFFE, 1, 24_000, 48_000, 2, 16) + rest
    data = whole(sine(24_000), 2)
    file = parts((b"LIST", b"odd"), (b"fmt ", layout), (b"bext", bytes(602)), (b"data", data))
    assert sound_of(file, 10) == data


def test_what_edged_writes_it_reads():
    data = whole(sine(24_000), 2)
    assert_like(sound_of(of_sound(data), 10), sine(24_000))
    assert len(sound_of(of_sound(data), 10)) == len(data)


MU_LAW = struct.pack("<HHIIHH", 7, 1, 8_000, 8_000, 1, 8)


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (b"", "not a WAV"),
        (b"ID3" + bytes(100), "not a WAV"),
        (parts((b"data", bytes(100))), "not a complete"),
        (parts((b"fmt ", b"\1\0"), (b"data", bytes(100))), "not a complete"),
        (parts((b"fmt ", MU_LAW), (b"data", bytes(100))), r"format 7, 8 bits.*16 bits"),
        (written(sine(24_000, 11)), "longer than 10 s"),
        (parts((b"fmt ", struct.pack("<HHIIHH", 1, 0, 24_000, 0, 2, 16)), (b"data", b"")), "0 channels"),
        (parts((b"fmt ", struct.pack("<HHIIHH", 1, 1, 4_000, 0, 2, 16)), (b"data", b"")), "4000 Hz"),
        (written(sine(24_001), 24_001), "cannot convert 24001 Hz"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_reason(file, why):
    with pytest.raises(ValueError, match=why):
        sound_of(file, 10)


def test_adpcm_that_claims_to_be_long_is_refused():
    file = bytearray(of_sound(whole(sine(24_000), 2)))
    at = file.index(b"fact") + 8
    file[at : at + 4] = struct.pack("<I", 2**32 - 1)
    with pytest.raises(ValueError, match="shorter than its header says"):
        sound_of(bytes(file), 10)


@given(st.binary(max_size=200), st.integers(0, 300))
def test_a_damaged_file_is_refused_or_read_and_nothing_else(junk, at):
    for whole_file in (written(sine(24_000, 0.01)), of_sound(whole(sine(24_000, 0.01), 2))):
        file = whole_file[:at] + junk + whole_file[at + len(junk) :]
        try:
            sound = sound_of(file, 1)
        except ValueError:
            continue
        assert len(sound) <= 2 * 24_000 * 2
        assert len(sound) % 2 == 0


def test_a_file_that_was_cut_off_is_refused():
    """Half a phrase would be heard, without the words that say what to do."""
    whole_file = written(sine(24_000))
    for n_bytes in (60, len(whole_file) // 2, len(whole_file) - 1):
        with pytest.raises(
            ValueError, match=r"it is cut off: it has \d+ of 24000 bytes of sound \(copy it again\)"
        ):
            sound_of(whole_file[:n_bytes], 10)


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFFFDB])
def test_a_file_from_a_pipe_reaches_to_its_end(size):
    file = written(sine(24_000))
    at = file.index(b"data") + 4
    assert sound_of(file[:at] + struct.pack("<I", size) + file[at + 4 :], 10) == sound_of(file, 10)
