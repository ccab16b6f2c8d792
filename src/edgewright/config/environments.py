"""`env.NAME`: what of a configuration is different in one of its environments.

As Wrangler has it: some keys are inherited from the top level unless the environment says them
itself, bindings and variables never are, and a Worker is called `NAME-ENVIRONMENT` there.

https://developers.cloudflare.com/workers/wrangler/environments/
"""

from __future__ import annotations

import json
from typing import Any

from edgewright.config.worker_config import ConfigError

ENVIRONMENT = "CLOUDFLARE_ENV"
"""The variable that names the environment where nobody else does."""

NOT_INHERITED = frozenset(
    """
    agent_memory ai ai_search ai_search_namespaces analytics_engine_datasets artifacts browser
    cloudchamber containers d1_databases define dispatch_namespaces durable_objects flagship
    hyperdrive images kv_namespaces logfwdr media mtls_certificates pipelines queues r2_buckets
    ratelimits secrets secrets_store_secrets send_email services stream streaming_tail_consumers
    tail_consumers unsafe unsafe_hello_world vars vectorize version_metadata vpc_networks
    vpc_services worker_loaders workflows
    """.split()
)
"""Each environment has to say these for itself."""

TOP_LEVEL_ONLY = frozenset("$schema env keep_vars legacy_env send_metrics site".split())


def of_environment(
    document: dict[str, Any], environment: str | None, where: str, *, name: str
) -> tuple[dict[str, Any], list[str]]:
    """The configuration that holds in an environment (at the top level, if it is None), as a file
    without environments would have it; and what there is to warn of. `name` is the Worker's at the
    top level. Raises ConfigError."""
    top = {key: value for key, value in document.items() if key != "env"}
    environments = _environments(document, where)
    if environment is None:
        return top, []
    own: Any = environments.get(environment)
    inherited = {
        key: value
        for key, value in top.items()
        if key not in NOT_INHERITED and key not in TOP_LEVEL_ONLY
    }
    inherited["name"] = f"{name}-{environment}"
    if own is None:
        if environments:
            there = ", ".join(map(json.dumps, environments))
            raise ConfigError(f'{where}: there is no environment "{environment}"; there is {there}')
        warning = f'{where}: there is no environment "{environment}"'
        return inherited, [f"{warning}; variables and bindings of the top level are not in it."]
    if not isinstance(own, dict):
        raise ConfigError(f"{where}: env.{environment} must be a table of keys")
    settings: dict[str, Any] = own  # pyright: ignore[reportUnknownVariableType]
    if "route" in settings or "routes" in settings:
        inherited.pop("route", None)
        inherited.pop("routes", None)
    warnings = [
        f'{where}: "{key}" is said at the top level and not in env.{environment}, which does not '
        "inherit it."
        for key in top
        if key in NOT_INHERITED and key not in settings
    ]
    warnings += [
        f'{where}: env.{environment}: "{key}" is a key of the top level and has no effect here.'
        for key in settings
        if key in TOP_LEVEL_ONLY
    ]
    said = {key: value for key, value in settings.items() if key not in TOP_LEVEL_ONLY}
    return {**inherited, **said}, warnings


def _environments(document: dict[str, Any], where: str) -> dict[str, Any]:
    environments: Any = document.get("env", {})
    if not isinstance(environments, dict):
        raise ConfigError(f"{where}: env must be a table of environments")
    return environments  # pyright: ignore[reportUnknownVariableType]
