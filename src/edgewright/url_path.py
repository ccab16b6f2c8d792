"""The path of a URL as the URL standard's parser gives it."""

from __future__ import annotations


def normal_target(target: str) -> str:
    """Path and query as the URL parser gives them to the Worker (URL §4.4): who is let through to
    a path must not get to another one by `/../`."""
    path, question, query = target.partition("?")
    lower = path.lower()
    if "/." not in lower and "\\" not in lower and "%2e" not in lower:
        return target
    parts: list[str] = []
    segments = path.replace("\\", "/").split("/")[1:]
    for place, segment in enumerate(segments):
        dots = segment.lower().replace("%2e", ".")
        if dots == "..":
            del parts[-1:]
        elif dots != ".":
            parts.append(segment)
            continue
        if place == len(segments) - 1:
            parts.append("")
    return "/" + "/".join(parts) + question + query
