"""Runs the tests of encoded.js, and compares legacy decoders with Python's codecs."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from running import Run

from edgewright import WorkerException

WORKER = Path(__file__).parent / "encoded.js"
NAMES = re.findall(r"^  async (\w+)\(\) \{$", WORKER.read_text(), re.MULTILINE)
GENEROUS = {"cpu_ms": 30_000}


@pytest.mark.parametrize("name", NAMES)
async def test_encoded(run: Run, name: str) -> None:
    running = await run(WORKER, limits=GENEROUS)
    assert await running.json() == NAMES
    assert await running.text(f"/{name}") == "ok"


SINGLE_BYTE = {
    "ibm866": "cp866",
    "iso-8859-2": "iso8859-2",
    "iso-8859-5": "iso8859-5",
    "iso-8859-15": "iso8859-15",
    "koi8-r": "koi8-r",
    "macintosh": "mac-roman",
    "windows-1250": "cp1250",
    "windows-1251": "cp1251",
    "windows-1256": "cp1256",
}
"""Those that Python and the Encoding Standard agree on, but for bytes that Python leaves out."""

MULTI_BYTE = {
    "big5": ("big5", "一丁七丈三上下不"),
    "euc-jp": ("euc-jp", "日本語、カタカナ"),
    "euc-kr": ("cp949", "한국어똠방각하"),
    "gb18030": ("gb18030", "中文€😀"),
    "gbk": ("gbk", "中文繁體"),
    "iso-2022-jp": ("iso-2022-jp", "日本語abc漢字"),
    "shift_jis": ("cp932", "日本語ｱｲｳ①"),
}


MALFORMED = [
    ("Latin1 ", "windows-1252", b"\x80\xe4", "€ä"),
    ("\tUTF-8\n", "utf-8", b"\xe4\xb8", "\ufffd"),
    ("x-user-defined", "x-user-defined", b"A\x80\xff", "A\uf780\uf7ff"),
    ("ISO-8859-8-I", "iso-8859-8-i", b"\xe0", "א"),
    ("csISOLatin2", "iso-8859-2", b"\xb1", "ą"),
    ("ks_c_5601-1987", "euc-kr", b"\xb0\xa1\x81A\xc9\xa1\xff", "가갂\ufffd\ufffd"),
    ("sjis", "shift_jis", b"\x82\xa0\xf0@\xa1\x80\xa0\xff\x82", "あ\ue000｡\x80\ufffd\ufffd\ufffd"),
    ("big5-hkscs", "big5", b"\x88b\x88d\xa4@\xa4 \xff", "Ê̄Ê̌一\ufffd \ufffd"),
    ("gb18030", "gb18030", b"\x815\xf47\x841\xa47\x80\xff", "\ue7c7\ufffd€\ufffd"),
    ("utf-16", "utf-16le", b"\xff\xfeA\0\0\xd8", "A\ufffd"),
]
"""Label, encoding, bytes, text."""


async def test_single_byte_encodings(run: Run) -> None:
    running = await run(WORKER, limits=GENEROUS)
    table = bytes(range(256))
    for label, codec in SINGLE_BYTE.items():
        got = await running.text(f"/decode?label={label}", method="POST", body=table)
        for byte, character in zip(table, got, strict=True):
            known = bytes([byte]).decode(codec, "replace")
            assert character == known or known == "\ufffd", (label, hex(byte))


async def test_multi_byte_encodings(run: Run) -> None:
    running = await run(WORKER, limits=GENEROUS)
    for label, (codec, text) in MULTI_BYTE.items():
        path = f"/decode?label={label}&fatal"
        assert await running.text(path, method="POST", body=text.encode(codec)) == text


async def test_labels_and_what_is_malformed(run: Run) -> None:
    running = await run(WORKER, limits=GENEROUS)
    for label, encoding, data, text in MALFORMED:
        response = await running.fetch(f"/decode?label={quote(label)}", method="POST", body=data)
        assert (response.headers["encoding"], await response.text()) == (encoding, text)


async def test_fatal_decoders_throw(run: Run) -> None:
    running = await run(WORKER, limits=GENEROUS)
    for label, data in [("utf-8", b"\xff"), ("big5", b"\x81"), ("windows-874", b"\xdb")]:
        with pytest.raises(WorkerException, match="Failed to decode input"):
            await running.text(f"/decode?label={label}&fatal", method="POST", body=data)
    for label in ("replacement", "hz-gb-2312", "utf-7", "K\u212aOI8-R"):
        with pytest.raises(WorkerException, match="is not a valid encoding"):
            await running.text(f"/decode?label={quote(label)}", method="POST", body=b"x")
