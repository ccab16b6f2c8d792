// Socket: a TCP connection as a readable and a writable stream.

import type { OpEvent } from "../../io.js";
import {
  currentRequest,
  discardStream,
  dropOp,
  newOp,
  pullStream,
  type RequestContext,
  requireOwner,
  requireRequest,
  send,
} from "../../io.js";
import {
  copyBytes,
  ignoreRejection,
  PromiseResolve,
  PromiseThen,
  uncurryGetter,
} from "../../primordials.js";
import { openSink, type Sink } from "../../sinks.js";
import {
  bytesOf,
  type ReadableStream,
  streamOfBytes,
  WritableStream,
  type WritableStreamDefaultController,
} from "../../web/streams.js";
import { defineInterface, toDictionary } from "../../web/webidl.js";

const { Error, Promise, TypeError } = globalThis;
const { apply } = Reflect;
const { close: closeWritable } = WritableStream.prototype;
const isLocked = uncurryGetter<WritableStream, boolean>(WritableStream.prototype, "locked");

/** The platform's name of what belongs to a request. */
const KIND = "Socket";

export interface HowToConnect {
  readonly hostname: string;
  readonly port: number;
  readonly secureTransport: "on" | "off" | "starttls";
  readonly allowHalfOpen: boolean;
  readonly highWaterMark: number | undefined;
}

interface SocketInfo {
  remoteAddress: string;
  localAddress: string;
}

interface TlsOptions {
  expectedServerHostname: string;
}

/** A promise and its two ends. */
class Deferred<T> {
  resolve!: (value: T) => void;
  reject!: (error: unknown) => void;
  readonly promise = new Promise<T>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });

  constructor() {
    ignoreRejection(this.promise);
  }
}

/** Says what is to be sent when the connection is asked for. */
type Ask = (request: RequestContext, op: number, sink: number) => void;

let make: (how: HowToConnect, ask: Ask) => Socket;
let making = false;

export class Socket {
  readonly #how: HowToConnect;
  readonly #owner = currentRequest();
  readonly #op: number;
  readonly #sink: Sink;
  readonly #readable: ReadableStream<Uint8Array>;
  readonly #failReadable: (error: unknown) => void;
  readonly #writable: WritableStream<unknown>;
  #writer!: WritableStreamDefaultController;
  readonly #opened = new Deferred<SocketInfo>();
  readonly #closed = new Deferred<undefined>();
  /** Settles with `opened`, but says nothing of how. */
  readonly #ready = new Deferred<undefined>();
  #stream: number | null = null;
  #writing: Promise<unknown> = PromiseResolve(undefined);
  #readOver = false;
  #writeOver = false;
  #failed = false;
  #error: unknown;
  #upgraded = false;

  static {
    make = (how, ask) => {
      making = true;
      try {
        return new Socket(how, ask);
      } finally {
        making = false;
      }
    };
  }

  constructor(how?: HowToConnect, ask?: Ask) {
    if (!making || how === undefined || ask === undefined) {
      throw new TypeError("Illegal constructor");
    }
    this.#how = how;
    const request = requireRequest();
    this.#sink = openSink((reason) => this.#cutOff(reason), false);
    const { stream, fail } = streamOfBytes({
      pull: () => this.#pull(),
      cancel: () => this.#cancelReadable(),
    });
    this.#readable = stream;
    this.#failReadable = fail;
    this.#writable = this.#newWritable();
    this.#op = newOp((event) => this.#settle(event));
    // Something may come of it as long as it is open: a request that waits for it is not hung.
    request.due++;
    const over = (): void => {
      request.due--;
    };
    PromiseThen(this.#closed.promise, over, over);
    ask(request, this.#op, this.#sink.id);
  }

  get readable(): ReadableStream<Uint8Array> {
    return this.#readable;
  }

  get writable(): WritableStream<unknown> {
    return this.#writable;
  }

  /** Resolves when there is a connection. */
  get opened(): Promise<SocketInfo> {
    return this.#opened.promise;
  }

  /** Resolves when the connection is over, rejects when it failed. */
  get closed(): Promise<undefined> {
    return this.#closed.promise;
  }

  /** Whether startTls() was called. */
  get upgraded(): boolean {
    return this.#upgraded;
  }

  get secureTransport(): "on" | "off" | "starttls" {
    return this.#how.secureTransport;
  }

  /** Ends both directions; what was written before is still sent. */
  close(): Promise<undefined> {
    requireOwner(this.#owner, KIND);
    if (!this.#failed && !this.#upgraded) {
      const error = new TypeError("The socket was closed.");
      if (this.#stream === null) {
        dropOp(this.#op);
        send(["abort", this.#op]);
        this.#opened.reject(error);
        this.#ready.resolve(undefined);
      }
      if (!this.#readOver) this.#failReadable(error);
      this.#cancelReadable();
      if (!this.#writeOver) this.#writer.error(error);
      this.#endWriting();
    }
    return this.#closed.promise;
  }

  /** The same connection under TLS; this one is of no use from here on. */
  startTls(options?: TlsOptions): Socket {
    requireOwner(this.#owner, KIND);
    if (this.#how.secureTransport === "on") throw new TypeError("Cannot startTls on a TLS socket.");
    if (this.#upgraded) throw new TypeError("startTls can only be called once.");
    if (this.#how.secureTransport !== "starttls") {
      throw new TypeError(
        "The `secureTransport` socket option must be set to 'starttls' for startTls to be used.",
      );
    }
    const { expectedServerHostname } = toDictionary<TlsOptions>(options, "TlsOptions");
    const host =
      expectedServerHostname === undefined ? this.#how.hostname : `${expectedServerHostname}`;
    this.#upgraded = true;
    return make({ ...this.#how, secureTransport: "on" }, (request, op, sink) => {
      const begin = (): void => {
        send(["starttls", request.id, op, this.#op, host, sink]);
        this.#readOver = true;
        this.#endWriting();
      };
      PromiseThen(this.#ready.promise, () => PromiseThen(this.#writing, begin, begin));
    });
  }

  // --- What comes in -----------------------------------------------------------------------------

  #settle(event: OpEvent): void {
    if (event[0] === "failure") {
      this.#fail(new Error(event[3]));
    } else if (event[0] === "connected") {
      this.#stream = event[2];
      this.#opened.resolve({
        __proto__: null,
        remoteAddress: event[3],
        localAddress: event[4],
      } as never);
    }
    this.#ready.resolve(undefined);
  }

  async #pull(): Promise<Uint8Array | null> {
    requireOwner(this.#owner, KIND);
    await this.#ready.promise;
    if (this.#failed) throw this.#error;
    if (this.#readOver || this.#stream === null) return null;
    let chunk: Uint8Array | null;
    try {
      chunk = await pullStream(this.#stream);
    } catch (error) {
      this.#fail(error);
      throw error;
    }
    if (chunk === null) this.#endReading();
    return chunk;
  }

  #endReading(): void {
    this.#readOver = true;
    if (!this.#how.allowHalfOpen && !this.#writeOver && !this.#upgraded) {
      if (isLocked(this.#writable)) this.#endWriting();
      else ignoreRejection(apply(closeWritable, this.#writable, []));
    }
    this.#look();
  }

  #cancelReadable(): void {
    if (this.#readOver) return;
    this.#readOver = true;
    PromiseThen(this.#ready.promise, () => {
      if (this.#stream !== null) discardStream(this.#stream);
    });
    this.#look();
  }

  // --- What goes out -----------------------------------------------------------------------------

  #newWritable(): WritableStream<unknown> {
    const { highWaterMark } = this.#how;
    return new WritableStream<unknown>(
      {
        start: (controller) => {
          this.#writer = controller;
        },
        write: (chunk) => {
          this.#writing = this.#write(chunk);
          return this.#writing as Promise<undefined>;
        },
        close: () => this.#endWriting(),
        abort: () => {
          dropOp(this.#op);
          send(["abort", this.#op]);
          this.#fail(new TypeError("The writable side of the socket was aborted."));
        },
      },
      highWaterMark === undefined
        ? {}
        : { highWaterMark, size: (chunk) => bytesOf(chunk)?.byteLength ?? 1 },
    );
  }

  async #write(chunk: unknown): Promise<void> {
    requireOwner(this.#owner, KIND);
    const bytes = bytesOf(chunk);
    if (bytes === undefined) {
      throw new TypeError("This WritableStream only supports writing byte types.");
    }
    const copy = copyBytes(bytes);
    if (this.#upgraded) throw new TypeError("The socket was upgraded.");
    await this.#ready.promise;
    if (this.#failed) throw this.#error;
    await this.#sink.write(copy);
  }

  #endWriting(): void {
    if (this.#writeOver) return;
    this.#writeOver = true;
    this.#sink.end();
    this.#look();
  }

  /** The gateway takes no more. */
  #cutOff(reason: string): void {
    if (this.#writeOver) return;
    this.#writeOver = true;
    if (!this.#upgraded) this.#writer.error(new TypeError(reason));
  }

  // --- The end -----------------------------------------------------------------------------------

  #look(): void {
    if (this.#readOver && this.#writeOver) this.#closed.resolve(undefined);
  }

  #fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#error = error;
    this.#opened.reject(error);
    this.#closed.reject(error);
    if (!this.#readOver) this.#failReadable(error);
    this.#readOver = true;
    if (!this.#writeOver) this.#writer.error(error);
    this.#endWriting();
  }
}

defineInterface("Socket", Socket);

export function newSocket(how: HowToConnect): Socket {
  return make(how, (request, op, sink) => {
    const { hostname, port, secureTransport } = how;
    send(["connect", request.id, op, hostname, port, secureTransport === "on", sink]);
  });
}
