from __future__ import annotations

from pathlib import Path

from edgewright.observe.stack import MAX_WIDTH, Sources

STACK = (
    "TypeError: boom\n"
    "    at helper (worker:/lib/a b.js:2:7)\n"
    "    at async Object.fetch (worker:/index.js:1:1)\n"
    "    at worker:/index.js:4:2"
)


def test_positions_become_files_relative_to_here() -> None:
    sources = Sources(
        files={
            "worker:/lib/a b.js": Path.cwd() / "lib" / "a b.js",
            "worker:/index.js": Path("/elsewhere/index.js"),
        }
    )
    assert sources.locate(STACK) == (
        "TypeError: boom\n"
        "    at helper (lib/a b.js:2:7)\n"
        "    at async Object.fetch (/elsewhere/index.js:1:1)\n"
        "    at /elsewhere/index.js:4:2"
    )


def test_positions_without_a_file_keep_the_modules_path() -> None:
    assert Sources().locate("at worker:/index.js:4:2") == "at index.js:4:2"


def test_excerpt_is_of_the_topmost_known_module() -> None:
    source = "\n".join(f"line {number}" for number in range(1, 11))
    excerpt = Sources(modules={"worker:/index.js": source}).excerpt(
        "Error\n at gone (worker:/other.js:1:1)\n at worker:/index.js:5:6"
    )
    assert excerpt is not None
    assert excerpt.place == "index.js:5:6"
    assert [line.number for line in excerpt.lines] == [2, 3, 4, 5, 6, 7, 8]
    assert [line.marked for line in excerpt.lines] == [None, None, None, 5, None, None, None]


def test_no_excerpt_for_a_position_outside_the_source() -> None:
    sources = Sources(modules={"worker:/index.js": "one"})
    assert sources.excerpt("at worker:/index.js:2:1") is None
    assert sources.excerpt("no position") is None


def test_long_lines_are_cut_around_the_column() -> None:
    source = "a" * 5000 + "HERE" + "b" * 5000
    excerpt = Sources(modules={"worker:/x.js": source}).excerpt("at worker:/x.js:1:5001")
    assert excerpt is not None
    line = excerpt.lines[0]
    assert len(line.text) == MAX_WIDTH
    assert line.marked is not None
    assert line.text[line.marked :].startswith("HERE")
