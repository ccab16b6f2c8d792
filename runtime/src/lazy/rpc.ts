// RPC: Workers call each other's methods, by service bindings, and what these give them.
// https://developers.cloudflare.com/workers/runtime-apis/rpc/
//
// A *stub* stands for an object of another Worker, or of another request. The isolate that has the
// object has *exported* it; the gateway holds the table of who exported what to whom, and passes
// calls and results on. Values cross as bytes of the engine's serializer, which know nothing of
// stubs and streams: these are told beside (see lazy/rpc/encode.ts).
//
// Pipelining: a call on the result of a call that has not been answered yet goes along with that
// call, in one message, if it is made in the same go, as in `await env.A.counter().increment()`.
// Otherwise it waits here until the result has come.

export { RpcPromise, RpcProperty, RpcStub, serviceProperty } from "./rpc/client.js";
export { loopbackExports } from "./rpc/loopback.js";
export { handleCall, handleRelease } from "./rpc/server.js";
