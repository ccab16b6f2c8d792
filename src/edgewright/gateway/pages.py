"""What a client gets when there is no response of the Worker to give: pages as the platform's.

A client learns the code and a ray id, which also stands in the log, and nothing of the machine or
the Worker. In dev the page shows the exception and the source around it.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus

from edgewright.messages import Response
from edgewright.observe.records import WorkerError, new_ray
from edgewright.observe.stack import Excerpt, Sources


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """An error that clients are told of. Codes and titles are the platform's."""

    status: int
    code: int | None
    title: str
    sentence: str


THREW = ErrorKind(
    500, 1101, "Worker threw exception", "The Worker that handles this address threw an exception."
)
EXCEEDED_LIMITS = ErrorKind(
    503,
    1102,
    "Worker exceeded resource limits",
    "The Worker that handles this address used more CPU time or memory than it may.",
)
RATE_LIMITED = ErrorKind(
    429, 1015, "You are being rate limited", "There were too many requests. Try again later."
)
LOOP = ErrorKind(
    500, 1019, "Worker loop detected", "The request went through the same Workers too many times."
)


def generic(status: int) -> ErrorKind:
    """An error for which the platform has no code, told by its HTTP status alone."""
    known = HTTPStatus(status)
    return ErrorKind(status, None, known.phrase, "The request could not be answered.")


@dataclass(frozen=True, slots=True)
class PageDetails:
    """What only the developer may see."""

    name: str
    message: str
    stack: str
    excerpt: Excerpt | None

    @classmethod
    def of(cls, error: WorkerError, sources: Sources) -> PageDetails:
        return cls(
            error.name, error.message, sources.locate(error.stack), sources.excerpt(error.stack)
        )


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    """To be left out in the answer to HEAD; the headers stay."""

    def passed_on(self) -> Response:
        """As the other rooms have responses."""
        flat = [part.decode("latin-1") for header in self.headers for part in header]
        return Response(self.status, flat, self.body)


def error_response(
    kind: ErrorKind, *, accept: bytes, details: PageDetails | None = None, ray: str = ""
) -> ErrorResponse:
    """The response for `kind` to a client that sent `accept` (all its Accept headers, joined by
    commas): HTML for one that asks for it, else one line of text. `details` are for dev only."""
    if _accepts_html(accept):
        content_type, text = b"text/html; charset=utf-8", _html(kind, details, ray or new_ray())
    else:
        content_type, text = b"text/plain; charset=utf-8", _plain(kind, details)
    body = text.encode("utf-8", "replace")
    return ErrorResponse(
        kind.status,
        [
            (b"content-type", content_type),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"private, no-store"),
            (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'"),
            (b"referrer-policy", b"same-origin"),
            (b"x-content-type-options", b"nosniff"),
            (b"x-frame-options", b"SAMEORIGIN"),
        ],
        body,
    )


def plain_page(kind: ErrorKind) -> Response:
    """The response for `kind` to a program."""
    headers, body = _plain_parts(kind)
    return Response(kind.status, [*headers], body)


@lru_cache(maxsize=100)
def _plain_parts(kind: ErrorKind) -> tuple[list[str], bytes]:
    """Always the same, and under an attack needed often."""
    error = error_response(kind, accept=b"")
    return error.passed_on().headers, error.body


def _accepts_html(accept: bytes) -> bool:
    """Whether text/html is asked for by name: `*/*` is what programs send."""
    for media_range in accept.lower().split(b","):
        name, *parameters = (part.strip() for part in media_range.split(b";"))
        if name == b"text/html":
            refused = (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
            return not any(parameter in refused for parameter in parameters)
    return False


def _plain(kind: ErrorKind, details: PageDetails | None) -> str:
    line = f"error code: {kind.code}" if kind.code else f"{kind.status} {kind.title}"
    if details is None:
        return line
    return f"{line}\n\n{details.stack or f'{details.name}: {details.message}'}\n"


def _html(kind: ErrorKind, details: PageDetails | None, ray: str) -> str:
    label = f"Error {kind.code or kind.status}"
    return _PAGE.format(
        title=html.escape(f"{label}: {kind.title}"),
        label=label,
        ray=html.escape(ray),
        heading=html.escape(kind.title),
        sentence=html.escape(kind.sentence),
        details=_details(details) if details else "",
    )


def _details(details: PageDetails) -> str:
    parts = [
        f'<h2>{html.escape(details.name)}</h2><p class="message">{html.escape(details.message)}</p>'
    ]
    if details.excerpt is not None:
        rows = "".join(
            f'<span class="{"line" if line.marked is None else "line thrown"}">'
            f"<b>{line.number:>5}</b>  {html.escape(line.text)}\n</span>"
            + (
                f'<span class="line caret">{" " * (7 + line.marked)}^\n</span>'
                if line.marked is not None
                else ""
            )
            for line in details.excerpt.lines
        )
        parts.append(f"<h3>{html.escape(details.excerpt.place)}</h3><pre>{rows}</pre>")
    if details.stack:
        parts.append(f"<h3>Stack</h3><pre>{html.escape(details.stack)}</pre>")
    return f"<section>{''.join(parts)}</section>"


_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --text: #1d1f23; --soft: #5c6370; --back: #ffffff;
  --panel: #f4f5f7; --edge: #dcdfe4; --alarm: #b3261e; --mark: #fdecea; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --text: #e6e8eb; --soft: #9aa2ad; --back: #16181c; --panel: #1f2228;
    --edge: #343942; --alarm: #ff8a80; --mark: #3b2323; }}
}}
body {{ margin: 0; background: var(--back); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; }}
main {{ max-width: 60rem; margin: 0 auto; padding: 4rem 1.5rem; }}
h1 {{ margin: 0; font-size: 2.25rem; font-weight: 600; line-height: 1.2; }}
h2 {{ margin: 2.5rem 0 0; color: var(--alarm); font-size: 1.25rem; }}
h3 {{ margin: 1.5rem 0 .5rem; font: 600 .9rem ui-monospace, monospace; color: var(--soft);
  overflow-wrap: anywhere; }}
p {{ margin: .75rem 0; }}
.label, footer {{ color: var(--soft); }}
.message {{ margin-top: .25rem; font: 1rem/1.5 ui-monospace, monospace; white-space: pre-wrap;
  overflow-wrap: anywhere; }}
pre {{ margin: 0; padding: .75rem 0; overflow-x: auto; background: var(--panel);
  border: 1px solid var(--edge); border-radius: 6px; font: .875rem/1.6 ui-monospace, monospace; }}
section > pre:last-child {{ padding: .75rem 1rem; }}
.line {{ display: block; min-width: max-content; padding: 0 1rem; }}
.line b {{ font-weight: 400; color: var(--soft); }}
.thrown {{ background: var(--mark); }}
.caret {{ color: var(--alarm); }}
footer {{ margin-top: 2.5rem; padding-top: 1rem; border-top: 1px solid var(--edge);
  font-size: .875rem; }}
</style>
</head>
<body>
<main>
<p class="label">{label}</p>
<h1>{heading}</h1>
<p>{sentence}</p>
{details}
<footer>Ray ID: <code>{ray}</code></footer>
</main>
</body>
</html>
"""
