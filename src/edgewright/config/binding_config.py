"""Bindings as a Worker's owner configured them: what they are, not how they are done."""

from __future__ import annotations

import msgspec


class KVNamespace(msgspec.Struct, frozen=True, tag="kv"):
    """An entry of `kv_namespaces`."""

    id: str
    preview_id: str | None = None


BindingConfig = KVNamespace
