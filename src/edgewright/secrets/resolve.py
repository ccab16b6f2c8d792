"""Which secrets a Worker gets."""

from __future__ import annotations

from pathlib import Path

from edgewright.config import ConfigError, WorkerConfig
from edgewright.secrets.errors import SecretError
from edgewright.secrets.files import FILE, read_files


def resolve_secrets(config: WorkerConfig, state: Path | None, *, dev: bool) -> dict[str, str]:
    """In dev, what is in the files beside the configuration; else, what is in the store.

    Where the configuration lists the secrets that are required, these and no others. Raises
    ConfigError where one of them is missing, or has a name that another binding has.
    """
    try:
        if dev:
            found = read_files(config.root, config.environment)
        else:
            found = {} if state is None else _stored(state, config.name)
    except SecretError as error:
        raise ConfigError(str(error)) from None
    if config.required_secrets is not None:
        found = {name: found[name] for name in config.required_secrets if name in found}
        _check_complete(config, found, dev=dev)
    count = len({*config.vars, *found})
    if count > config.limits.variables:
        raise ConfigError(
            f"{config.name}: there may be {config.limits.variables} variables and secrets "
            f"(limits.variables), not {count}"
        )
    for name in found:
        if name in config.bindings or name in config.services:
            raise ConfigError(f"{config.name}: there are two bindings named {name}, one a secret")
    return found


def _stored(state: Path, worker: str) -> dict[str, str]:
    """Raises SecretError."""
    if not (state / FILE).exists():
        return {}
    from edgewright.secrets.store import SecretStore  # 7 MB of cryptography

    return SecretStore(state).read(worker)


def _check_complete(config: WorkerConfig, found: dict[str, str], *, dev: bool) -> None:
    missing = [name for name in config.required_secrets or () if name not in found]
    if missing:
        how = "put it into .dev.vars" if dev else f"`edgewright secret put {missing[0]}` adds it"
        raise ConfigError(f"{config.name}: the required secret {missing[0]} is missing; {how}")
