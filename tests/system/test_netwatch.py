import asyncio
import errno
import logging
import socket
import struct

import pytest

from edged.system import netlink
from edged.system.netwatch import (
    COALESCE_S,
    NetlinkWatch,
    NullWatch,
    PlugWatch,
    is_sound,
    open_netlink,
    open_uevents,
)
from instruments.lab.loop import run, virtual
from instruments.lab.net import SimNet
from instruments.lab.ports import SimNetwatch
from instruments.lab.weather import Fault


def message(kind, body):
    data = struct.pack("=IHHII", 16 + len(body), kind, 0, 0, 0) + body
    return data + bytes(-len(data) % 4)


def link(flags=netlink.UP | netlink.RUNNING, index=3, kind=netlink.NEW_LINK, extra=b""):
    return message(kind, struct.pack("=BxHiII", 0, 1, index, flags, 0) + extra)


def address(last=1, flags=0, index=3, kind=netlink.NEW_ADDRESS):
    ip = bytes([192, 168, 1, last])
    label = struct.pack("=HH", 9, 3) + b"wlan0" + bytes(3)  # IFA_LABEL, padded
    return message(
        kind, struct.pack("=BBBBI", 2, 24, flags, 0, index) + label + struct.pack("=HH", 8, 1) + ip
    )


def route(table=netlink.MAIN_TABLE, kind=netlink.NEW_ROUTE, route_type=netlink.UNICAST, flags=0):
    return message(kind, struct.pack("=BBBBBBBBI", 2, 0, 0, 0, table, 3, 0, route_type, flags))


# -- what is news ------------------------------------------------------------------------------------


def news(*datagrams):
    changes = netlink.Changes()
    return [changes.is_news(datagram) for datagram in datagrams]


def test_a_link_that_comes_and_goes_is_news():
    down = link(flags=netlink.UP)
    assert news(link(), down, link(), link(kind=netlink.DEL_LINK), link()) == [True] * 5


def test_a_scan_of_the_radio_is_not_news():
    assert news(link(), link(extra=struct.pack("=HH", 8, 11) + b"scan"), link()) == [True, False, False]


def test_links_are_told_apart():
    assert news(link(), link(index=4)) == [True, True]


def test_a_new_address_is_news_once():
    assert news(address(), address(), address(last=2), address(last=2)) == [True, False, True, False]


def test_an_address_that_becomes_usable_or_goes_is_news():
    tentative = address(flags=netlink.TENTATIVE)
    gone = address(kind=netlink.DEL_ADDRESS)
    assert news(tentative, address(), gone, address()) == [True] * 4


@pytest.mark.parametrize("kind", [netlink.NEW_ROUTE, netlink.DEL_ROUTE])
def test_a_route_of_the_main_table_is_always_news(kind):
    assert news(route(kind=kind), route(kind=kind)) == [True, True]


def test_routes_of_the_kernels_own_are_not_news():
    others = route(table=255), route(route_type=2), route(flags=netlink.CLONED)
    assert news(*others) == [False] * 3


def test_several_messages_in_one_datagram_are_all_read():
    assert news(link() + address(), link(), address()) == [True, False, False]
    assert news(route(table=255) + address()) == [True]


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"x",
        bytes(16),
        struct.pack("=IHHII", 5000, 16, 0, 0, 0),
        message(netlink.NEW_LINK, b""),
        message(netlink.NEW_ROUTE, b"x"),
        message(3, b"done"),
        message(999, bytes(100)),
    ],
)
def test_what_can_not_be_read_is_not_news(datagram):
    assert news(datagram) == [False]


def test_no_more_is_remembered_than_a_kiosk_has():
    changes = netlink.Changes()
    for index in range(netlink.MOST_KNOWN + 1):
        changes.is_news(link(index=index))
    assert changes.is_news(link(index=0))


# -- the watch ---------------------------------------------------------------------------------------


class Loop:
    """As much of a loop as a watch needs. The test moves its time."""

    def __init__(self):
        self.readers = {}
        self.timers = []

    def add_reader(self, fd, callback):
        self.readers[fd] = callback

    def remove_reader(self, fd):
        del self.readers[fd]

    def call_later(self, delay_s, callback):
        self.timers.append([delay_s, callback])
        return self

    def cancel(self):
        self.timers.clear()

    def readable(self):
        for callback in list(self.readers.values()):
            callback()

    def pass_time(self):
        timers, self.timers = self.timers, []
        for _, callback in timers:
            callback()


class Watched:
    def __init__(self):
        self.kernel, ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        ours.setblocking(False)
        self.loop = Loop()
        self.changes = []
        self.watch = NetlinkWatch(self.loop, lambda: ours)
        self.watch.start(lambda: self.changes.append(1))

    def tell(self, *datagrams):
        for datagram in datagrams:
            self.kernel.send(datagram)
            self.loop.readable()


@pytest.fixture
def watched():
    scene = Watched()
    yield scene
    scene.watch.stop()
    scene.kernel.close()


def test_a_burst_of_changes_is_told_once_and_soon(watched):
    watched.tell(link(), address(), route())
    assert watched.changes == []
    assert [delay for delay, _ in watched.loop.timers] == [COALESCE_S]
    watched.loop.pass_time()
    assert watched.changes == [1]
    watched.tell(address(last=9))
    watched.loop.pass_time()
    assert watched.changes == [1, 1]


def test_what_is_no_news_wakes_nobody(watched):
    watched.tell(route(table=255))
    watched.loop.readable()  # but there is nothing to read
    assert not watched.loop.timers


def test_nothing_is_told_after_the_end(watched):
    watched.tell(link())
    watched.watch.stop()
    watched.loop.pass_time()
    assert watched.changes == []
    assert not watched.loop.readers
    watched.watch.stop()


class Broken:
    def __init__(self, number):
        self.number = number

    def recv(self, size):
        raise OSError(self.number, "broken")

    def close(self):
        pass


def test_more_changes_than_the_kernel_keeps_are_a_change():
    loop, changes = Loop(), []
    NetlinkWatch(loop, lambda: Broken(errno.ENOBUFS)).start(lambda: changes.append(1))
    loop.readable()
    loop.pass_time()
    assert changes == [1]
    assert loop.readers


def test_a_socket_that_breaks_ends_the_news_and_nothing_else(caplog):
    loop, changes = Loop(), []
    NetlinkWatch(loop, lambda: Broken(errno.EIO)).start(lambda: changes.append(1))
    with caplog.at_level(logging.WARNING):
        loop.readable()
    assert "does not notice changes at once" in caplog.text
    assert not loop.readers


def test_a_machine_without_netlink_is_told_once(caplog):
    def refuse():
        raise PermissionError(errno.EPERM, "sandbox")

    loop = Loop()
    watch = NetlinkWatch(loop, refuse)
    with caplog.at_level(logging.WARNING):
        watch.start(print)
    watch.stop()
    assert len(caplog.records) == 1
    assert not loop.readers


@pytest.mark.skipif(not hasattr(socket, "AF_NETLINK"), reason="no Linux")
def test_the_kernel_lets_us_listen():
    async def main():
        watch = NetlinkWatch(asyncio.get_running_loop(), open_netlink)
        watch.start(print)
        watch.stop()

    asyncio.run(main())


def test_the_null_watch_never_tells():
    changes = []
    watch = NullWatch()
    watch.start(lambda: changes.append(1))
    watch.stop()
    assert not changes


# -- over the simulated net --------------------------------------------------------------------------


def test_the_nets_changes_are_told_as_late_and_as_seldom():
    net, changes = SimNet(), []
    net.play([Fault(10, "no_route", 0.1), Fault(20, "roam"), Fault(30, "roam")])

    async def main():
        watch = SimNetwatch(net)
        watch.start(lambda: changes.append(virtual().time()))
        await asyncio.sleep(30.1)
        watch.stop()
        watch.stop()
        await asyncio.sleep(10)

    run(main(), net=net)
    assert changes == [10 + COALESCE_S, 20 + COALESCE_S]


# -- sound cards -------------------------------------------------------------------------------------


def uevent(action, subsystem="sound", path="/devices/usb1/1-1.2:1.0/sound/card1"):
    fields = [f"{action}@{path}", f"ACTION={action}", f"DEVPATH={path}", f"SUBSYSTEM={subsystem}", "SEQNUM=7"]
    return b"".join(field.encode() + b"\0" for field in fields)


def test_a_sound_card_that_comes_is_news_and_one_that_goes_is_not():
    assert is_sound(uevent("add"))
    assert is_sound(uevent("change"))  # its controls are ready now
    assert is_sound(b"libudev\0\xfe\xed\xca\xfe" + bytes(32) + b"ACTION=add\0SUBSYSTEM=sound\0DEVNAME=snd\0")
    assert not is_sound(uevent("remove"))  # its user already knows
    assert not is_sound(uevent("add", subsystem="soundwire"))
    assert not is_sound(uevent("add", subsystem="block"))
    assert not is_sound(b"")


def test_a_plugged_card_is_told_once():
    ours, kernel = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    loop, changes = Loop(), []
    watch = PlugWatch(loop, lambda: ours)
    watch.start(lambda: changes.append(1))
    for datagram in (uevent("remove"), uevent("add"), uevent("add"), uevent("add", "usb")):
        kernel.send(datagram)
        loop.readable()
    loop.pass_time()
    assert changes == [1]
    watch.stop()
    kernel.close()


@pytest.mark.skipif(not hasattr(socket, "AF_NETLINK"), reason="not a Linux")
def test_the_kernel_lets_anybody_listen_for_devices():
    open_uevents().close()
