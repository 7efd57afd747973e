"""Sockets with TLS that threads share."""

import socket
import ssl
import threading
import time

import pytest

from edged.realtime.threads_tls import shareable
from edged.tls import client_context, server_context
from tests.dial.authority import authority

__all__ = ["authority"]


class Watched:
    """The TLS session of a socket; counts the threads that were in it at the same time."""

    def __init__(self, session):
        self._session = session
        self.inside, self.most = 0, 0

    def _entered(self, call, arguments):
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            return call(*arguments)
        finally:
            self.inside -= 1

    def read(self, *arguments):
        return self._entered(self._session.read, arguments)

    def write(self, *arguments):
        return self._entered(self._session.write, arguments)

    def __getattr__(self, name):
        return getattr(self._session, name)


class Ends:
    """Both ends of a connection with TLS over two pairs of sockets; `relayed` passes on what was held back between."""

    def __init__(self, authority, contexts):
        issued = authority.issue("DNS:localhost")
        near, far = socket.socketpair()
        secured = []
        server = server_context(issued, issued)
        shaking = threading.Thread(target=lambda: secured.append(server.wrap_socket(far, server_side=True)))
        shaking.start()
        self.client = contexts(client_context(str(authority.file))).wrap_socket(
            near, server_hostname="localhost"
        )
        shaking.join()
        self.server = secured[0]

    def close(self):
        self.client.close()
        self.server.close()


@pytest.fixture
def ends(authority):
    made = []

    def make(contexts=shareable):
        made.append(Ends(authority, contexts))
        return made[0]

    yield make
    for each in made:
        each.close()


def reading(end, into):
    """A thread that reads once, and waits for that."""
    thread = threading.Thread(target=lambda: into.append(end.recv(100)))
    thread.start()
    return thread


@pytest.mark.parametrize(("contexts", "most"), [(shareable, 1), (lambda context: context, 2)])
def test_two_threads_are_never_in_one_session(ends, contexts, most):
    """The second case shows that the check sees what it looks for."""
    pair, heard = ends(contexts), []
    watched = pair.client._sslobj = Watched(pair.client._sslobj)
    waiting = reading(pair.client, heard)
    time.sleep(0.05)  # it is in the session, or waits outside
    pair.client.sendall(b"question")
    assert pair.server.recv(100) == b"question"
    pair.server.sendall(b"answer")
    waiting.join(5)
    assert (heard, watched.most) == ([b"answer"], most)


def test_a_reader_that_waits_lets_others_write_until_nobody_reads(ends):
    """More than the buffers of both sockets hold, in both directions at once."""
    pair, much, heard = ends(), bytes(range(256)) * 2**12, [bytearray(), bytearray()]

    def read_all(end, into):
        while len(into) < len(much):
            into += end.recv(2**16)

    readers = [threading.Thread(target=read_all, args=(pair.client, heard[0]))]
    writers = [threading.Thread(target=pair.client.sendall, args=(much,))]
    for thread in readers + writers:
        thread.start()
    time.sleep(0.05)  # the buffers are full
    assert writers[0].is_alive()
    pair.server.sendall(much[: 2**16])
    read_all(pair.server, heard[1])
    pair.server.sendall(much[2**16 :])
    for thread in readers + writers:
        thread.join(20)
    assert [bytes(each) == much for each in heard] == [True, True]


@pytest.mark.parametrize("timeout", [0.05, 0])
def test_a_socket_keeps_its_timeout(ends, timeout):
    pair = ends()
    pair.client.settimeout(timeout)
    with pytest.raises(TimeoutError if timeout else ssl.SSLWantReadError):
        pair.client.recv(100)
    assert pair.client.gettimeout() == timeout


def test_a_reader_sees_the_end(ends):
    pair, heard = ends(), []
    waiting = reading(pair.client, heard)
    pair.server.close()
    waiting.join(5)
    assert heard == [b""]


def test_a_half_closed_socket_still_waits(ends):
    """`websockets` ends TLS with the direction that it closes, and goes on reading."""
    pair, heard = ends(), []
    pair.client.shutdown(socket.SHUT_WR)
    waiting = threading.Thread(target=lambda: heard.extend(iter(lambda: pair.client.recv(100), b"")))
    waiting.start()
    time.sleep(0.05)
    assert waiting.is_alive()
    pair.server.close()
    waiting.join(5)
    assert not waiting.is_alive()


def test_a_program_that_brings_its_own_class_of_sockets_keeps_it():
    class Own(ssl.SSLSocket):
        pass

    context = ssl.create_default_context()
    context.sslsocket_class = Own
    assert shareable(context).sslsocket_class is Own
