// Events that few Workers see.

export { CloseEvent } from "./events/close_event.js";
export { ErrorEvent } from "./events/error_event.js";
export { MessageChannel, MessagePort } from "./events/message_channel.js";
export { MessageEvent } from "./events/message_event.js";
export { newRejectionEvent, PromiseRejectionEvent } from "./events/rejection_event.js";
export { ScheduledEvent, TailEvent, TailEvent as TraceEvent } from "./events/workers_events.js";
