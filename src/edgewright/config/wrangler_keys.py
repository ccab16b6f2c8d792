"""The top-level keys of a Wrangler configuration file, by what Edgewright does with them.

https://developers.cloudflare.com/workers/wrangler/configuration/
"""

from __future__ import annotations

USED = frozenset(
    """
    name main vars services route routes kv_namespaces ratelimits unsafe secrets edgewright
    compatibility_date compatibility_flags limits rules tail_consumers env
    logpush
    """.split()
)

HOSTED_ONLY = frozenset(
    """
    $schema account_id compliance_region keep_vars legacy_env placement preview_urls
    previews send_metrics upload_source_maps usage_model workers_dev zone_id
    """.split()
)
"""They steer an upload to the hosted platform, or an account there: nothing to do here."""

NOT_YET = frozenset(
    """
    agent_memory ai ai_search ai_search_namespaces alias analytics_engine_datasets artifacts assets
    base_dir browser build cache cloudchamber containers d1_databases data_blobs define dev
    dispatch_namespaces durable_objects exports find_additional_modules first_party_worker
    flagship hyperdrive images jsx_factory jsx_fragment keep_names logfwdr
    media migrations minify mtls_certificates no_bundle node_compat observability
    pages_build_output_dir pipelines preserve_file_names python_modules queues r2_buckets
    secrets_store_secrets send_email site stream
    streaming_tail_consumers text_blobs triggers tsconfig unsafe_hello_world
    vectorize version_metadata vpc_networks vpc_services wasm_modules worker_loaders workflows
    """.split()
)
"""They change what the Worker does or sees, so leaving them out must not go unnoticed."""

KNOWN = USED | HOSTED_ONLY | NOT_YET
