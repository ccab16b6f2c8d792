"""The cage of a host that DevTools may look into: it may talk to itself, and to nobody else."""

from __future__ import annotations

from caged import attempt, run

INSPECTED = "assert close_cage(1 << 30, loopback=True) == {}"

TALK = """
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
socket.socket().connect(listener.getsockname())
"""


def test_it_may_talk_to_itself() -> None:
    assert run(TALK, INSPECTED) == "done"


def test_nobody_else_is_there() -> None:
    attack = "socket.socket().connect(('192.0.2.1', 80))"
    assert run(attack, INSPECTED) == "ENETUNREACH"


def test_this_machines_loopback_is_another() -> None:
    setup = "there = socket.socket(); there.bind(('127.0.0.1', 0)); there.listen()"
    attack = "socket.socket().connect(there.getsockname())"
    tried = attempt(attack, setup=setup, close=INSPECTED)
    assert (tried.free, tried.caged) == ("done", "ECONNREFUSED")


def test_a_socket_of_another_kind() -> None:
    for kind in ("AF_INET, socket.SOCK_DGRAM", "AF_INET6, socket.SOCK_STREAM"):
        assert attempt(f"socket.socket(socket.{kind})", close=INSPECTED).refused


def test_a_netlink_socket() -> None:
    attack = "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)"
    assert attempt(attack, close=INSPECTED).refused


def test_a_file() -> None:
    assert attempt("os.open(SECRET, os.O_RDONLY)", close=INSPECTED).refused
