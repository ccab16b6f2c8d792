"""Services that are no Workers: what the operator puts behind a name that service bindings use."""
