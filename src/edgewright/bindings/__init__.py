"""What stands behind the bindings of a Worker's `env` that are more than a value."""
