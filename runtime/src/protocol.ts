// Mirror of src/edgewright/protocol/messages/, where each message is explained.
// A message is an array whose first element names it; tests/protocol compares the two files.

/** Name, value, name, value … names in lower case. */
export type FlatHeaders = string[];
export type Size = number | null;
export type Id = number;
export type MaybeId = number | null;
export type Ids = number[];
export type CfProperties = Record<string, unknown> | null;
export type Props = Record<string, unknown> | null;

/** "export" and "sink" (only in commands), "stub", "stream", "bytes" or "none". */
export type Passed = readonly [kind: string, id: Id];
export type Call = readonly [op: Id, after: Size, path: string[], size: Size, passed: Passed[]];

export type RequestEvent = [
  tag: "request",
  request: Id,
  method: string,
  url: string,
  headers: FlatHeaders,
  inline: Size,
  stream: MaybeId,
  cf: CfProperties,
  entrypoint: string | null,
  props: Props,
  cause: MaybeId,
  watch: boolean,
];
export type AbortEvent = [tag: "abort", request: Id];
export type StopEvent = [tag: "stop", request: Id, reason: string];
export type ResponseEvent = [
  tag: "response",
  op: Id,
  status: number,
  status_text: string,
  headers: FlatHeaders,
  url: string,
  redirected: boolean,
  inline: Size,
  stream: MaybeId,
  websocket: MaybeId,
];
export type ResultEvent = [tag: "result", op: Id, value: unknown, inline: Size, stream: MaybeId];
export type FailureEvent = [tag: "failure", op: Id, name: string, message: string];
export type ChunkEvent = [tag: "chunk", stream: Id, size: number];
export type EndEvent = [tag: "end", stream: Id, error: string | null];
export type CreditEvent = [tag: "credit", sink: Id, size: number];
export type CancelEvent = [tag: "cancel", sink: Id, reason: string];
export type TimerEvent = [tag: "timer", op: Id];
export type MessageEvent = [tag: "message", port: Id, size: number, text: boolean];
export type CloseEvent = [tag: "close", port: Id, code: number, reason: string, clean: boolean];
export type GrantEvent = [tag: "grant", port: Id, size: number];
export type ConnectedEvent = [tag: "connected", op: Id, stream: Id, remote: string, local: string];
export type CallEvent = [
  tag: "call",
  request: Id,
  exported: MaybeId,
  entrypoint: string | null,
  props: Props,
  calls: Call[],
  cause: MaybeId,
];
export type TailEvent = [tag: "tail", request: Id, items: unknown];
export type ReturnEvent = [tag: "return", op: Id, size: number, passed: Passed[], thrown: boolean];
export type ReleaseEvent = [tag: "release", request: Id, exported: Id];
export type CacheEvent = [tag: "cache", op: Id, found: boolean];
/** Said by the host process, never by the gateway. */
export type NativeEvent = [
  tag: "native",
  op: Id,
  cpu_ms: number,
  inline: Size,
  value: unknown,
  error: string | null,
  message: string,
];

export type Event =
  | RequestEvent
  | AbortEvent
  | StopEvent
  | ResponseEvent
  | ResultEvent
  | FailureEvent
  | ChunkEvent
  | EndEvent
  | CreditEvent
  | CancelEvent
  | TimerEvent
  | MessageEvent
  | CloseEvent
  | GrantEvent
  | ConnectedEvent
  | CallEvent
  | TailEvent
  | ReturnEvent
  | ReleaseEvent
  | CacheEvent
  | NativeEvent;

export type FetchCommand = [
  tag: "fetch",
  request: Id,
  op: Id,
  method: string,
  url: string,
  headers: FlatHeaders,
  inline: Size,
  stream: MaybeId,
  sink: MaybeId,
  redirect: string,
  cf: CfProperties,
  service: string | null,
  entrypoint: string | null,
  props: Props,
];
export type CauseCommand = [
  tag: "cause",
  request: Id,
  op: Id,
  at: string,
  cause: MaybeId,
  unread: Ids,
  known: Id,
  signal: boolean,
];
export type PassedCommand = [tag: "passed", request: Id, op: Id, form: string, length: number];
export type OperateCommand = [
  tag: "operate",
  request: Id,
  op: Id,
  binding: string,
  method: string,
  arguments: unknown,
  inline: Size,
  stream: MaybeId,
  sink: MaybeId,
];
export type CacheMatchCommand = [
  tag: "cacheMatch",
  request: Id,
  op: Id,
  cache: string | null,
  url: string,
  headers: FlatHeaders,
];
export type CachePutCommand = [
  tag: "cachePut",
  request: Id,
  op: Id,
  cache: string | null,
  url: string,
  request_headers: FlatHeaders,
  status: number,
  status_text: string,
  headers: FlatHeaders,
  inline: Size,
  stream: MaybeId,
  sink: MaybeId,
  encoded: boolean,
];
export type CacheDeleteCommand = [
  tag: "cacheDelete",
  request: Id,
  op: Id,
  cache: string | null,
  url: string,
];
export type AbortCommand = [tag: "abort", op: Id];
export type RespondCommand = [
  tag: "respond",
  request: Id,
  status: number,
  status_text: string,
  headers: FlatHeaders,
  inline: Size,
  stream: MaybeId,
  sink: MaybeId,
  encoded: boolean,
  websocket: MaybeId,
  port: MaybeId,
];
export type FailCommand = [
  tag: "fail",
  request: Id,
  outcome: string,
  name: string,
  message: string,
  stack: string,
  pass_through: boolean,
];
export type DoneCommand = [tag: "done", request: Id];
export type PullCommand = [tag: "pull", stream: Id, gather: boolean];
export type DiscardCommand = [tag: "discard", stream: Id];
export type ChunkCommand = [tag: "chunk", sink: Id, size: number];
export type EndCommand = [tag: "end", sink: Id, error: string | null];
export type TimerCommand = [tag: "timer", request: Id, op: Id, delay: number, own: boolean];
export type ClearCommand = [tag: "clear", op: Id];
export type AcceptCommand = [tag: "accept", request: Id, websocket: Id, port: Id];
export type MessageCommand = [tag: "message", port: Id, size: number, text: boolean];
export type CloseCommand = [tag: "close", port: Id, code: number, reason: string];
export type GrantCommand = [tag: "grant", port: Id, size: number];
export type ConnectCommand = [
  tag: "connect",
  request: Id,
  op: Id,
  host: string,
  port: number,
  tls: boolean,
  sink: Id,
];
export type StartTlsCommand = [
  tag: "starttls",
  request: Id,
  op: Id,
  socket: Id,
  host: string,
  sink: Id,
];
export type LogCommand = [tag: "log", request: MaybeId, level: string, message: string];
export type CallCommand = [
  tag: "call",
  request: Id,
  service: string | null,
  entrypoint: string | null,
  props: Props,
  stub: MaybeId,
  calls: Call[],
];
export type ReturnCommand = [
  tag: "return",
  request: Id,
  call: Id,
  size: number,
  passed: Passed[],
  thrown: boolean,
  name: string,
  message: string,
  stack: string,
];
export type ReleaseCommand = [tag: "release", stub: Id];
/** Said by the host process, never by the code in the isolate. */
export type GoneCommand = [tag: "gone", outcome: string, message: string, process: boolean];

export type Command =
  | FetchCommand
  | CauseCommand
  | PassedCommand
  | OperateCommand
  | CacheMatchCommand
  | CachePutCommand
  | CacheDeleteCommand
  | AbortCommand
  | RespondCommand
  | FailCommand
  | DoneCommand
  | PullCommand
  | DiscardCommand
  | ChunkCommand
  | EndCommand
  | TimerCommand
  | ClearCommand
  | AcceptCommand
  | MessageCommand
  | CloseCommand
  | GrantCommand
  | ConnectCommand
  | StartTlsCommand
  | LogCommand
  | CallCommand
  | ReturnCommand
  | ReleaseCommand
  | GoneCommand;

/** Bytes that a sink may have sent without credit. */
export const SINK_WINDOW = 256 * 1024;

/** Bytes that may be on their way on a port, in each direction, without grant. */
export const PORT_WINDOW = 256 * 1024;

/** Bytes that a message counts beside its own. */
export const MESSAGE_COST = 64;
/** Stubs and streams in one value. */
export const MOST_PASSED = 10_000;
