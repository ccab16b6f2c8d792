-- wrk's own report rounds; this one is for machines.
done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\nJSON {"requests": %d, "bytes": %d, "seconds": %.6f, "p50_us": %.1f, "p99_us": %.1f, "errors": %d, "refused": %d}\n',
    summary.requests, summary.bytes, summary.duration / 1e6,
    latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.timeout,
    errors.status))
end
