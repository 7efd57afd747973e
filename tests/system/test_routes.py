import pytest

from edged.system.routes import in_network

HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
LOOP6 = "00000000000000000000000000000001 01 80 10 80       lo\n"
WIRE6 = "fe8000000000000000fc00fffe000001 04 40 20 80     eth0\n"
HOME6 = "fd000000000000000000000000000002 04 40 00 82     eth0\n"
ROUTE = "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
OWN = "eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n"


@pytest.mark.parametrize(
    ("route", "inet6", "is_in"),
    [
        (HEAD, LOOP6, False),
        (HEAD, LOOP6 + WIRE6, False),  # an address of its own wire leads nowhere
        (HEAD, "", False),
        (HEAD + ROUTE + OWN, LOOP6, True),
        (HEAD + OWN, LOOP6, True),  # a network without a way out, where the service may be
        (HEAD, LOOP6 + WIRE6 + HOME6, True),
    ],
)
def test_a_machine_is_in_a_network_or_not(tmp_path, route, inet6, is_in):
    (tmp_path / "route").write_text(route)
    (tmp_path / "if_inet6").write_text(inet6)
    assert in_network(tmp_path) is is_in


def test_without_ipv6_routes_alone_decide(tmp_path):
    (tmp_path / "route").write_text(HEAD)
    assert not in_network(tmp_path)


def test_what_cannot_be_known_is_no_claim(tmp_path):
    assert in_network(tmp_path / "none")
