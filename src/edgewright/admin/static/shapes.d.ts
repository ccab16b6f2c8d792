/** What the admin port answers: see api.py beside this folder, and observe/views.py. */

export interface Quantiles {
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

export interface Series {
  seconds: number;
  until: number;
  requests: number[];
  errors: number[];
  p50_ms: (number | null)[];
  p99_ms: (number | null)[];
  cpu_ms: number[];
}

export interface WorkerOverview {
  worker: string;
  version: string;
  current: boolean;
  requests: number;
  rate: number;
  errors: number;
  outcomes: Record<string, number>;
  statuses: Record<string, number>;
  wall_ms: Quantiles;
  cpu_ms: Quantiles;
  subrequests_per_request: number;
  operations_per_request: number;
  cache: Record<string, number>;
  cache_hit_ratio: number | null;
  cold_starts: number;
  isolates: number;
  memory_bytes: number;
  total_requests: number;
  total_errors: number;
  series: Series;
}

export interface NodeOverview {
  edgewright: string;
  dev: boolean;
  started: number;
  uptime_seconds: number;
  gateways: number;
  gateway_restarts: number;
  hosts: number;
  host_restarts: number;
  isolates: number;
  memory_bytes: number;
  memory_limit_bytes: number;
  evictions: number;
  waiting: number;
  in_flight: number;
}

export interface Overview {
  now: number;
  window_seconds: number;
  node: NodeOverview;
  total: WorkerOverview;
  workers: WorkerOverview[];
}

export interface RequestSummary {
  id: string;
  trace_id: string;
  ray: string;
  time: number;
  worker: string;
  version: string;
  method: string;
  url: string;
  status: number;
  outcome: string;
  wall_ms: number;
  cpu_ms: number;
  subrequests: number;
  operations: number;
  cold: boolean;
  advice: number;
  logs: number;
  error: string;
  service: boolean;
}

export interface RequestPage {
  requests: RequestSummary[];
  next: string | null;
}

export interface SpanView {
  kind: string;
  name: string;
  start_ms: number;
  end_ms: number;
  error: string;
  attributes: Record<string, string | number | boolean>;
  children: SpanView[];
}

export interface AdviceView {
  kind: string;
  text: string;
  at: string[];
  saves_ms: number | null;
}

export interface LogView {
  at_ms: number;
  level: string;
  message: string;
}

export interface ExceptionView {
  name: string;
  message: string;
  stack: string;
}

export interface RequestDetail {
  request: RequestSummary;
  headers: Record<string, string>;
  trace: SpanView | null;
  advice: AdviceView[];
  logs: LogView[];
  exceptions: ExceptionView[];
  truncated: boolean;
}

/** A page of this page. */
export interface View {
  title: string;
  element: HTMLElement;
  /** Asks for what is new, now and whenever there may be something. */
  refresh: () => Promise<void>;
  /** A request has finished. */
  finished?: (request: RequestSummary) => void;
  /** Takes a key, or lets it be. */
  key?: (event: KeyboardEvent) => boolean;
}
