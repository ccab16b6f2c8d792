"""What the requests of an isolate speak on beside HTTP: which command goes where."""

from __future__ import annotations

from collections.abc import Callable

from edgewright.gateway.active import ActiveRequest
from edgewright.gateway.ports import PortTable
from edgewright.gateway.tcp_sockets import TcpSockets
from edgewright.protocol.messages import (
    AcceptCommand,
    CloseCommand,
    ConnectCommand,
    GrantCommand,
    MessageCommand,
    StartTlsCommand,
)

SocketCommand = (
    MessageCommand | GrantCommand | CloseCommand | AcceptCommand | ConnectCommand | StartTlsCommand
)
Owner = Callable[[int, int | None], ActiveRequest | None]
"""The request of a command and its op, if it goes on. Raises ProtocolViolation."""


def perform(
    command: SocketCommand, attachment: bytes, ports: PortTable, tcp: TcpSockets, owner: Owner
) -> None:
    """Raises ProtocolViolation."""
    match command:
        case MessageCommand():
            ports.push(command, attachment)
        case GrantCommand():
            ports.grant(command)
        case CloseCommand():
            ports.close(command)
        case AcceptCommand():
            if active := owner(command.request, None):
                ports.accept(active, command)
        case ConnectCommand():
            if active := owner(command.request, command.op):
                tcp.connect(active, command)
        case StartTlsCommand():
            if active := owner(command.request, command.op):
                tcp.start_tls(active, command)
