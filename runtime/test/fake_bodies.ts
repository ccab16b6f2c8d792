// The gateway's side of bodies: streams that tests fill, sinks that tests look into.

/** A body at the gateway: the chunks that it will give, or the error that it breaks with. */
export interface FakeStream {
  chunks: (Uint8Array | Error)[];
  pulls: number;
  discarded: boolean;
}

/** What a Worker has sent through a sink. */
export interface FakeSink {
  text: string;
  ended: boolean;
  error: string | undefined;
  /** While false, writes wait. */
  open: boolean;
  release(): void;
  cancel(reason: string): void;
}

export const streams = new Map<number, FakeStream>();
export const sinks = new Map<number, FakeSink>();

export function addStream(id: number, ...chunks: (string | Error)[]): FakeStream {
  const encoder = new TextEncoder();
  const stream: FakeStream = {
    chunks: chunks.map((chunk) => (typeof chunk === "string" ? encoder.encode(chunk) : chunk)),
    pulls: 0,
    discarded: false,
  };
  streams.set(id, stream);
  return stream;
}

function streamAt(id: number): FakeStream {
  const stream = streams.get(id);
  if (stream === undefined) throw new Error(`no stream ${id}`);
  return stream;
}

export async function pullStream(id: number): Promise<Uint8Array | null> {
  const stream = streamAt(id);
  stream.pulls++;
  await null;
  const chunk = stream.chunks.shift() ?? null;
  if (chunk instanceof Error) throw chunk;
  return chunk;
}

export function discardStream(id: number): void {
  streamAt(id).discarded = true;
}

export function openSink(onCancel: (reason: string) => void) {
  const id = sinks.size + 1;
  const decoder = new TextDecoder();
  let wake: () => void = () => {};
  const sink: FakeSink = {
    text: "",
    ended: false,
    error: undefined,
    open: true,
    release() {
      sink.open = true;
      wake();
    },
    cancel(reason) {
      onCancel(reason);
      wake();
    },
  };
  sinks.set(id, sink);
  return {
    id,
    write(chunk: Uint8Array): Promise<void> {
      sink.text += decoder.decode(chunk, { stream: true });
      if (sink.open) return Promise.resolve();
      return new Promise((resolve) => {
        wake = resolve;
      });
    },
    end(error?: string): void {
      sink.ended = true;
      sink.error = error;
    },
  };
}
