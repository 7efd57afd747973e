"""Wi-Fi that saves power: which interface counts, and what the kernel says about it."""

import pytest

from edged.doctor.wifi import Wifi, check_wifi, default_interface

HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
WLAN = "wlan0\t00000000\t010AA8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
WLAN_NET = "wlan0\t000AA8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\t0\t0\t0\n"
ETH = "eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
DOWN = "eth0\t00000000\t0101A8C0\t0002\t0\t0\t100\t00000000\t0\t0\t0\n"
HALF = "tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0\n"  # 0.0.0.0/1
SIX = f"{'0' * 32} 00 {'0' * 32} 00 fe80{'0' * 27}1 00000258 00000001 00000000 00000003    wlan0\n"
SIX_DOWN = SIX.replace("00000003    wlan0", "00000002    eth1").replace("00000258", "00000001")
NOWHERE = f"{'0' * 32} 00 {'0' * 32} 00 {'0' * 32} ffffffff 00000001 00000000 00200201       lo\n"
LOCAL = f"fe80{'0' * 28} 40 {'0' * 32} 00 {'0' * 32} 00000100 00000001 00000000 00000001    eth0\n"


@pytest.mark.parametrize(
    ("four", "six", "interface"),
    [
        (HEAD + WLAN + WLAN_NET, "", "wlan0"),
        (HEAD + WLAN + ETH, SIX, "eth0"),  # the smaller metric
        (HEAD + ETH + WLAN, "", "eth0"),
        (HEAD + DOWN + WLAN, "", "wlan0"),
        (HEAD + WLAN_NET + HALF, "", ""),
        (HEAD, NOWHERE + LOCAL + SIX_DOWN + SIX, "wlan0"),
        (HEAD, NOWHERE + LOCAL, ""),
        ("", "", ""),
    ],
)
def test_the_interface_of_the_default_route(four, six, interface):
    assert default_interface(four, six) == interface


def test_saved_power_is_a_problem_with_the_remedy_for_what_looks_after_the_network():
    (found,) = check_wifi(Wifi("wlan0", saves_power=True, has_network_manager=True))
    assert "wlan0" in found.text
    assert "wifi.powersave=2" in found.remedy
    (found,) = check_wifi(Wifi("wlan1", saves_power=True, has_network_manager=False))
    assert "iw dev wlan1 set power_save off" in found.remedy


@pytest.mark.parametrize("saves", [False, None])
def test_without_it_there_is_nothing_to_say(saves):
    assert not [*check_wifi(Wifi("wlan0", saves, has_network_manager=True))]
