import os
import ssl
import subprocess
import wave
from pathlib import Path

import pytest

from edged.audio.devices.wav import WavSpeaker, read_wav
from edged.errors import DeviceError
from edged.files import NotAFileError, TooLargeError, beginning, opened, read, to_write
from edged.local import voice
from edged.system.traces import Traces
from edged.tls import client_context
from tests.dial.authority import Authority
from tests.strange import STRANGE, strange


@pytest.mark.parametrize("kind", STRANGE)
def test_what_is_no_file_is_refused_with_what_it_is(tmp_path, kind):
    with strange(kind, tmp_path / "it") as path:
        for use in (opened, lambda path: beginning(path, 9), lambda path: read(path, 9), to_write):
            with pytest.raises(NotAFileError) as caught:
                use(path)
            assert STRANGE[kind] in caught.value.strerror
        with pytest.raises(NotAFileError):
            to_write(path, append=True)


@pytest.mark.parametrize("kind", STRANGE)
def test_no_adapter_hangs_at_it_or_ends_with_more_than_its_own_error(tmp_path, kind):
    with strange(kind, tmp_path / "it") as path:
        with pytest.raises(DeviceError, match=STRANGE[kind]):
            read_wav(path)
        with pytest.raises(DeviceError, match=STRANGE[kind]) as caught:
            WavSpeaker(path, None).start(None, None)
        assert caught.value.cause == "speaker_lost"
        with pytest.raises(OSError, match=STRANGE[kind]):
            client_context(str(path))
    with strange(kind, tmp_path / "traces-0001.txt"):
        Traces(tmp_path, "traces").append("a line\n")


@pytest.mark.parametrize("kind", STRANGE)
def test_a_clip_that_is_no_file_is_hummed_and_told_once(tmp_path, kind, monkeypatch, caplog):
    monkeypatch.setattr(voice, "clips", lambda name: tmp_path / name)
    voice._clip.cache_clear()
    voice._texts.cache_clear()
    try:
        with strange(kind, tmp_path / "listened.wav"), strange(kind, tmp_path / "clips.txt"):
            said = [voice.ListenVoice().answer_ms(1000) for _ in range(2)]
    finally:
        voice._clip.cache_clear()
        voice._texts.cache_clear()
    assert said[0] == said[1]
    assert any(said[0].pcm)
    warnings = [record.getMessage() for record in caplog.records if "listened.wav" in record.getMessage()]
    assert len(warnings) == 1
    assert STRANGE[kind] in warnings[0]


def test_a_file_of_the_kernel_that_tells_no_size_is_read():
    assert Path("/proc/self/stat").stat().st_size == 0
    assert beginning(Path("/proc/self/stat"), 4096).startswith(str(os.getpid()).encode())
    assert read(Path("/proc/self/cmdline"), 2**20)


def test_a_link_to_a_file_is_one(tmp_path):
    (tmp_path / "file").write_bytes(b"12345")
    (tmp_path / "link").symlink_to("file")
    assert read(tmp_path / "link", 5) == b"12345"


def test_more_than_it_may_hold_is_refused_or_cut(tmp_path):
    (tmp_path / "file").write_bytes(b"123456")
    with pytest.raises(TooLargeError, match="more than 5 bytes"):
        read(tmp_path / "file", 5)
    assert beginning(tmp_path / "file", 5) == b"12345"


@pytest.mark.parametrize("path", ["/nowhere/at all", "a\0b", "\udcff\ud800"])
@pytest.mark.parametrize("use", [opened, to_write])
def test_a_path_that_leads_nowhere_is_an_oserror_with_words(path, use):
    with pytest.raises(OSError, match=r"\w") as caught:
        use(Path(path))
    assert caught.value.strerror


def test_what_is_opened_is_not_inherited(tmp_path):
    (tmp_path / "file").touch()
    with opened(tmp_path / "file") as file, to_write(tmp_path / "file") as other:
        assert not os.get_inheritable(file.fileno())
        assert not os.get_inheritable(other.fileno())


def test_written_is_what_was_written_and_nothing_from_before(tmp_path):
    for text in (b"long enough", b"short"):
        with to_write(tmp_path / "file") as file:
            file.write(text)
    with to_write(tmp_path / "file", append=True) as file:
        file.write(b"er")
    assert (tmp_path / "file").read_bytes() == b"shorter"
    with to_write(Path(os.devnull)) as file:
        file.write(b"gone")


def test_sound_longer_than_any_utterance_is_refused(tmp_path):
    with wave.open(str(tmp_path / "long.wav"), "wb") as file:
        file.setparams((1, 2, 24_000, 0, "NONE", ""))
        file.writeframes(bytes(2 * 24_000 * 601))
    with pytest.raises(DeviceError, match=r"longer than 600 s.*microphone\.file"):
        read_wav(tmp_path / "long.wav")


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\xff\0"]
)
def test_a_file_without_a_certificate_does_not_mean_the_authorities_of_the_machine(tmp_path, content):
    (tmp_path / "ca.pem").write_bytes(content)
    with pytest.raises(OSError, match="it holds no certificate"):
        client_context(str(tmp_path / "ca.pem"))


@pytest.mark.parametrize("label", ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"])
def test_an_authority_is_one_however_openssl_has_written_it(tmp_path, label):
    """`openssl x509 -trustout` writes the last kind, and distributions have bundles of these."""
    file = Authority(tmp_path).file
    if label == "TRUSTED CERTIFICATE":
        subprocess.run(["openssl", "x509", "-in", file, "-trustout", "-out", file], check=True)
    if label == "X509 CERTIFICATE":
        file.write_text(file.read_text().replace("CERTIFICATE", label))
    assert f"-BEGIN {label}-" in file.read_text()
    assert client_context(str(file)).cert_store_stats()["x509_ca"] == 1


def test_the_authorities_of_a_whole_machine_can_be_named():
    """Its comments are in any script."""
    file = ssl.get_default_verify_paths().cafile
    if file is None:
        pytest.skip("this machine has no such file")
    assert client_context(file).cert_store_stats()["x509_ca"] > 10
