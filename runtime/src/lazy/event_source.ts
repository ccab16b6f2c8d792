// HTML §9.2: EventSource, with the platform's EventSource.from(stream) and its `fetcher` option.

export { EventSource } from "./event_source/event_source.js";
