"""From what is configured to what performs: the bindings of all Workers of a node, and the stores
that they share."""

from __future__ import annotations

from pathlib import Path

from edgewright.bindings.binding import Binding
from edgewright.bindings.kv.binding import KVBinding
from edgewright.bindings.kv.cache import ReadCache
from edgewright.bindings.kv.memory import MemoryStore
from edgewright.bindings.kv.store import KVStore
from edgewright.bindings.rate_limit.binding import RateLimitBinding
from edgewright.bindings.rate_limit.limiter import Limit, Limiter
from edgewright.bindings.rate_limit.memory import MemoryLimiter
from edgewright.bindings.rate_limit.refusals import RememberingLimiter
from edgewright.bindings.rate_limit.rules import RateRules
from edgewright.bindings.rate_limit.shared import SharedLimiter
from edgewright.config.binding_config import BindingConfig, KVNamespace, RateLimit, RateRule


class Bindings:
    """State is kept in the folder `state`, which all processes of a node share, or in memory
    without one. With `preview`, namespaces that have an id for that are others."""

    def __init__(self, state: Path | None, *, preview: bool = False) -> None:
        self._state = state
        self._preview = preview
        self._limiter: Limiter | None = None
        self._kv: tuple[KVStore, ReadCache] | None = None

    def of(self, configured: dict[str, BindingConfig]) -> dict[str, Binding]:
        """Those of one Worker. Raises StateError."""
        return {name: self._binding(config) for name, config in configured.items()}

    async def close(self) -> None:
        """Waits for what is under way."""
        if self._kv is not None:
            await self._kv[0].close()
            self._kv = None
        if self._limiter is not None:
            self._limiter.close()
            self._limiter = None

    def rules(self, worker: str, rules: list[RateRule]) -> RateRules | None:
        """The rate rules of one Worker, if it has any. Raises StateError."""
        return RateRules(worker, rules, self._open_limiter()) if rules else None

    def _binding(self, config: BindingConfig) -> Binding:
        if isinstance(config, RateLimit):
            limit = Limit(f"binding {config.namespace_id}", config.limit, config.period)
            return RateLimitBinding(limit, self._open_limiter())
        store, cache = self._open_kv()
        return KVBinding(namespace_id(config, preview=self._preview), store, cache)

    def _open_kv(self) -> tuple[KVStore, ReadCache]:
        if self._kv is None:
            store = self._kv_store()
            self._kv = store, ReadCache(store)
        return self._kv

    def _kv_store(self) -> KVStore:
        if self._state is None:
            return MemoryStore()
        from edgewright.bindings.kv.sqlite import SqliteStore  # for whoever uses it

        return SqliteStore(self._state)

    def _open_limiter(self) -> Limiter:
        if self._limiter is None:
            path = None if self._state is None else self._state / "rates.table"
            counters = MemoryLimiter() if path is None else SharedLimiter(path)
            self._limiter = RememberingLimiter(counters)
        return self._limiter


def namespace_id(config: KVNamespace, *, preview: bool) -> str:
    """Of the namespace that a binding leads to."""
    return config.preview_id if preview and config.preview_id is not None else config.id


def default_state(path: Path) -> Path:
    """Where the state of the Worker at `path` is kept if nobody says where."""
    path = path.resolve()
    return (path if path.is_dir() else path.parent) / ".edgewright" / "state"
