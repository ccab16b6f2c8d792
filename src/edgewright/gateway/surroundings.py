"""What there is around an isolate: all that its requests may have to do with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgewright.bindings.binding import Binding
from edgewright.cache.node_cache import WorkerCache
from edgewright.config.limits import Limits
from edgewright.gateway.services import Services
from edgewright.observe.records import Observer
from edgewright.observe.trace import Tracing
from edgewright.secrets.masking import Mask, no_mask
from edgewright.subrequest.client import SubrequestClient


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The same for each isolate of a Worker's version."""

    worker: str
    limits: Limits
    client: SubrequestClient
    observer: Observer
    services: Services
    """Whom it can call."""
    cache: WorkerCache
    bindings: Mapping[str, Binding]
    tracing: Tracing = field(default_factory=Tracing)
    mask: Mask = no_mask
    """Hides the Worker's secrets in what is told of it."""
    version: str = ""
