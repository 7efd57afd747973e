"""What is read of the machine."""

from edged.companion.mqtt import readings


def test_what_the_kernel_says(tmp_path):
    (tmp_path / "net").mkdir()
    (tmp_path / "self").mkdir()
    (tmp_path / "net/wireless").write_text(
        "Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE\n"
        " face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22\n"
        " wlan0: 0000   54.  -56.  -256        0      0      0      0      0        0\n"
    )
    (tmp_path / "uptime").write_text("1234.56 2345.67\n")
    (tmp_path / "loadavg").write_text("0.10 0.20 0.30 1/234 567\n")
    (tmp_path / "self/statm").write_text("1000 200 30 4 0 50 0\n")
    assert readings.rssi_dbm(tmp_path) == -56
    assert readings.uptime_s(tmp_path) == 1234
    assert readings.load(tmp_path) == [0.1, 0.2, 0.3]
    assert readings.resident_bytes(tmp_path) == 200 * readings._PAGE


def test_a_machine_that_says_nothing(tmp_path):
    for read in (readings.rssi_dbm, readings.uptime_s, readings.load, readings.resident_bytes):
        assert read(tmp_path) is None


def test_this_machine():
    assert readings.uptime_s() > 0
    assert len(readings.load()) == 3
    assert readings.resident_bytes() > 2**20
