"""Compatibility dates and flags: what a Worker was written against decides some defaults.

https://developers.cloudflare.com/workers/configuration/compatibility-flags/

A flag stands for a change of the platform. It is on from its date on, or when it is named; its
counterpart ("off") keeps the older behaviour. The table has the flags that change something here.
Of all others the newer behaviour is there, whatever the date.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

NEWEST = "9999-12-31"
"""Stands for the date of a Worker that names none: as in `wrangler dev`, it gets what is newest."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One row: its name, the name that turns it off, the date from which it is on."""

    on: str
    off: str
    date: str = ""
    """Empty: only where it is named."""
    implied_by: str = ""
    """The flag that turns it on as well, from `implied_from` on."""
    implied_from: str = ""
    what: str = ""
    """For docs/compatibility.md."""


FLAGS = (
    Flag(
        "nodejs_compat",
        "no_nodejs_compat",
        date="2026-08-04",
        what="the modules `node:…`",
    ),
    Flag(
        "nodejs_compat_v2",
        "no_nodejs_compat_v2",
        implied_by="nodejs_compat",
        implied_from="2024-09-23",
        what="Node.js's modules without `node:`; the globals `process`, `Buffer`, `global`, "
        "`setImmediate`, `clearImmediate`",
    ),
    Flag("nodejs_als", "no_nodejs_als", what="`node:async_hooks`, without the other modules"),
    Flag(
        "nodejs_compat_populate_process_env",
        "nodejs_compat_do_not_populate_process_env",
        implied_by="nodejs_compat",
        implied_from="2025-04-01",
        what="`process.env` has the variables",
    ),
    Flag(
        "enable_nodejs_global_timers",
        "no_nodejs_global_timers",
        implied_by="nodejs_compat",
        implied_from="2026-02-10",
        what="the global `setTimeout` and `setInterval` give objects with `ref()`, `unref()` and "
        "the like, and not numbers",
    ),
    Flag(
        "disallow_importable_env",
        "allow_importable_env",
        what="`env` of `cloudflare:workers` is empty",
    ),
    Flag(
        "export_commonjs_default",
        "export_commonjs_namespace",
        date="2022-10-31",
        what="the default export of a CommonJS module is its `module.exports`, and not an object "
        "with that as `default`",
    ),
    Flag(
        "require_returns_default_export",
        "require_returns_namespace",
        date="2026-01-22",
        what="`require()` of an ES module gives its default export, and not its namespace",
    ),
    Flag(
        "websocket_standard_binary_type",
        "no_websocket_standard_binary_type",
        date="2026-03-17",
        what='`binaryType` of a WebSocket is "blob" until it is set, and not "arraybuffer"',
    ),
    Flag(
        "web_socket_auto_reply_to_close",
        "web_socket_manual_reply_to_close",
        date="2026-04-07",
        what="a WebSocket answers a Close frame by itself, unless it was accepted with "
        "`allowHalfOpen`",
    ),
    Flag("global_navigator", "no_global_navigator", date="2022-03-21", what="`navigator`"),
    Flag(
        "enable_weak_ref",
        "disable_weak_ref",
        date="2025-05-05",
        what="`WeakRef` and `FinalizationRegistry`",
    ),
    Flag(
        "expose_global_message_channel",
        "no_expose_global_message_channel",
        date="2025-08-15",
        what="`MessageChannel` and `MessagePort`",
    ),
)

_NAMES = frozenset(name for flag in FLAGS for name in (flag.on, flag.off))


def active_flags(date: str | None, named: Iterable[str]) -> list[str]:
    """The flags that are on, by their names in the table."""
    date = date or NEWEST
    named = set(named)
    if "nodejs_compat_v2" in named:
        named.add("nodejs_compat")
    active: list[str] = []
    for flag in FLAGS:
        implied = flag.implied_by in active and date >= flag.implied_from
        on = flag.on in named or implied or bool(flag.date and date >= flag.date)
        if on and flag.off not in named:
            active.append(flag.on)
    return active


def flag_warnings(named: Iterable[str]) -> list[str]:
    """A sentence for each flag that does nothing here, or that is contradicted by another."""
    named = list(named)
    warnings: list[str] = []
    for name in named:
        if name not in _NAMES:
            close = difflib.get_close_matches(name, _NAMES, n=1, cutoff=0.85)
            hint = f'; did you mean "{close[0]}"?' if close else " here."
            warnings.append(f'the compatibility flag "{name}" has no effect{hint}')
    for flag in FLAGS:
        if flag.on in named and flag.off in named:
            warnings.append(f'the compatibility flags "{flag.on}" and "{flag.off}" contradict.')
    return warnings
