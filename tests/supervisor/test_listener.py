from __future__ import annotations

import errno
import socket

import pytest

from edgewright.supervisor.listener import ListenError, listen, url_of


def test_port_0_takes_a_free_one() -> None:
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        assert url_of(listener, tls=False) == f"http://127.0.0.1:{port}"
        assert url_of(listener, tls=True) == f"https://127.0.0.1:{port}"
        socket.create_connection(("127.0.0.1", port)).close()


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_ipv6_literal_with_or_without_brackets(host: str) -> None:
    with listen(host, 0) as listener:
        port = listener.getsockname()[1]
        assert url_of(listener, tls=False) == f"http://[::1]:{port}"


def test_port_in_use() -> None:
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(ListenError, match=rf"^127\.0\.0\.1:{port} is in use"):
            listen("127.0.0.1", port)


def test_host_that_is_none() -> None:
    with pytest.raises(ListenError, match="no such host; check --host"):
        listen("no such host", 8787)


def test_address_of_another_machine() -> None:
    with pytest.raises(ListenError, match="not an address of this machine"):
        listen("192.0.2.1", 8787)


def test_permission_denied(monkeypatch: pytest.MonkeyPatch) -> None:
    def bind(self: socket.socket, address: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", bind)
    with pytest.raises(ListenError, match=r"not allowed to listen on 127\.0\.0\.1:80; .*1023"):
        listen("127.0.0.1", 80)


def test_nothing_waits_for_small_packets_to_fill() -> None:
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
