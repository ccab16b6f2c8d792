"""runtime/src/protocol.ts mirrors protocol/messages/: this fails when they drift."""

from __future__ import annotations

import re
import types
import typing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgewright.protocol import messages
from edgewright.protocol.messages import (
    Command,
    Event,
    ProtocolViolation,
    attachment_size,
    decode_result,
)

TYPESCRIPT = (Path(__file__).parents[2] / "runtime/src/protocol.ts").read_text()

Fields = list[tuple[str, str]]
"""Name and kind."""

_ALIASES = {
    "FlatHeaders": "string[]",
    "Size": "number?",
    "Id": "number",
    "MaybeId": "number?",
    "Ids": "number[]",
    "CfProperties": "object?",
    "Props": "object?",
    "string": "string",
    "number": "number",
    "boolean": "boolean",
    "string | null": "string?",
    "unknown": "anything",
    "Call[]": "Call[]",
    "Passed[]": "Passed[]",
    "string[]": "string[]",
}
_KINDS: dict[Any, str] = {
    int: "number",
    float: "number",
    str: "string",
    bool: "boolean",
    Any: "anything",
    messages.Call: "Call",
    messages.Passed: "Passed",
}


def typescript_messages() -> dict[str, tuple[str, Fields]]:
    """Type name → tag and fields, of all tuple types."""
    found: dict[str, tuple[str, Fields]] = {}
    for name, body in re.findall(r"export type (\w+) = \[(.*?)\];", TYPESCRIPT, re.DOTALL):
        parts = [part.strip() for part in body.split(",") if part.strip()]
        (label, tag), *fields = [part.split(": ", 1) for part in parts]
        assert label == "tag"
        found[name] = tag.strip('"'), [(field, _ALIASES[kind]) for field, kind in fields]
    return found


@pytest.mark.parametrize("struct", [messages.Call, messages.Passed])
def test_the_parts_of_messages_are_the_same_in_both_languages(struct: type[Any]) -> None:
    match = re.search(rf"export type {struct.__name__} = readonly \[(.*?)\];", TYPESCRIPT)
    assert match
    fields = [part.strip().split(": ", 1) for part in match[1].split(",")]
    hints = typing.get_type_hints(struct)
    assert [(name, _ALIASES[each]) for name, each in fields] == [
        (field, kind(hints[field])) for field in struct.__struct_fields__
    ]


def typescript_union(name: str) -> set[str]:
    match = re.search(rf"export type {name} =\s*((?:\s*\|\s*\w+)+);", TYPESCRIPT)
    assert match
    return set(re.findall(r"\w+", match[1]))


def kind(annotation: Any) -> str:
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        (inner,) = (part for part in typing.get_args(annotation) if part is not types.NoneType)
        return kind(inner) + "?"
    if typing.get_origin(annotation) is list:
        return kind(typing.get_args(annotation)[0]) + "[]"
    if typing.get_origin(annotation) is dict:
        return "object"
    if typing.get_origin(annotation) is typing.Literal:
        return _KINDS[type(typing.get_args(annotation)[0])]
    return _KINDS[annotation]


def python_messages() -> dict[str, tuple[str, Fields]]:
    found: dict[str, tuple[str, Fields]] = {}
    for struct in (*typing.get_args(Event), *typing.get_args(Command)):
        hints = typing.get_type_hints(struct)
        found[struct.__name__] = (
            struct.__struct_config__.tag,
            [(field, kind(hints[field])) for field in struct.__struct_fields__],
        )
    return found


def test_every_message_is_the_same_in_both_languages() -> None:
    assert typescript_messages() == python_messages()


@pytest.mark.parametrize("union", ["Event", "Command"])
def test_the_unions_have_the_same_members(union: str) -> None:
    members = {struct.__name__ for struct in typing.get_args(getattr(messages, union))}
    assert typescript_union(union) == members


@pytest.mark.parametrize("name", ["SINK_WINDOW", "PORT_WINDOW", "MESSAGE_COST", "MOST_PASSED"])
def test_constants_are_the_same(name: str) -> None:
    match = re.search(rf"export const {name} = ([\d_* ]+);", TYPESCRIPT)
    assert match
    assert eval(match[1]) == getattr(messages, name)


def test_a_message_is_an_array_that_its_tag_begins() -> None:
    event = messages.RequestEvent(1, "GET", "http://h/", ["a", "b"], None, 7, None, None, None)
    assert (
        msgspec.json.encode(event)
        == b'["request",1,"GET","http://h/",["a","b"],null,7,null,null,null,null,false]'
    )


def test_a_turns_result() -> None:
    result = decode_result(b'[[1,0.5],[["done",1],["log",null,"log","text"]]]')
    assert result.spent == [1, 0.5]
    assert result.commands == [
        messages.DoneCommand(1),
        messages.LogCommand(None, "log", "text"),
    ]


def test_which_commands_carry_bytes() -> None:
    def command(json: bytes) -> int:
        (command,) = decode_result(b"[[],[" + json + b"]]").commands
        return attachment_size(command)

    assert command(b'["chunk",1,5]') == 5
    assert command(b'["respond",1,200,"",[],7,null,null,false,null,null]') == 7
    assert command(b'["respond",1,200,"",[],null,null,null,false,null,null]') == 0
    assert command(b'["fetch",1,1,"GET","u",[],3,null,null,"follow",null,null,null,null]') == 3
    assert command(b'["message",1,9,true]') == 9
    assert command(b'["operate",1,1,"NS","put",[],4,null,null]') == 4
    assert command(b'["done",1]') == 0


@pytest.mark.parametrize(
    "json",
    [
        b"",
        b"null",
        b"[]",
        b"[[],",
        b"[[],[]] trailing",
        b"[[1e400],[]]",
        b'[[],[["unknown",1]]]',
        b'[[],[["done"]]]',
        b'[[],[["done","1"]]]',
        b'[[],[["chunk",1,2.5]]]',
        b'[[],[["timer",1,1,null]]]',
        b'[[],[["log",null,"log","\xff"]]]',
        b'[[],[["log",null,"log","\\ud800"]]]',
        b"[" * 100_000,
        b'[[],[["fetch",1,1,"GET","u",[],null,null,null,"follow",'
        + b'{"a":' * 50_000
        + b"1"
        + b"}" * 50_000
        + b"]]]",
    ],
)
def test_what_makes_no_sense_is_a_violation_and_nothing_else(json: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        decode_result(json)
