// Between Node.js's streams and those of the Web: fromWeb() and toWeb().
// https://nodejs.org/api/stream.html#streamreadablefromwebreadablestream-options

interface Streams {
  Readable: Class;
  Writable: Class;
  Duplex: Class;
}

type Class = { prototype: object } & (new (options: object) => object);

interface NodeStream {
  readonly destroyed: boolean;
  push(chunk: unknown): boolean;
  pause(): void;
  resume(): void;
  read(): unknown;
  write(chunk: unknown, callback: (error?: unknown) => void): boolean;
  end(callback: () => void): void;
  destroy(error?: unknown): void;
  on(event: string, listener: (value: unknown) => void): void;
  once(event: string, listener: (value: unknown) => void): void;
}

interface Reader {
  read(): Promise<{ done: boolean; value: unknown }>;
  cancel(reason: unknown): Promise<void>;
}

interface Writer {
  write(chunk: unknown): Promise<void>;
  close(): Promise<void>;
  abort(reason: unknown): Promise<void>;
}

type Callback = (error?: unknown) => void;
type WebReadable = { getReader(): Reader };
type WebWritable = { getWriter(): Writer };

const { ReadableStream, WritableStream } = globalThis as unknown as {
  ReadableStream: new (source: object, strategy?: object) => unknown;
  WritableStream: new (sink: object) => unknown;
};

export function addWebAdapters({ Readable, Writable, Duplex }: Streams): void {
  define(Readable, {
    fromWeb: (stream: WebReadable, options?: object) =>
      new Readable({ ...options, ...readMethods(stream.getReader()) }),
    toWeb: readableToWeb,
  });
  define(Writable, {
    fromWeb: (stream: WebWritable, options?: object) =>
      new Writable({ ...options, ...writeMethods(stream.getWriter()) }),
    toWeb: writableToWeb,
  });
  define(Duplex, {
    fromWeb(pair: { readable: WebReadable; writable: WebWritable }, options?: object) {
      const reading = readMethods(pair.readable.getReader());
      const writing = writeMethods(pair.writable.getWriter());
      const destroy = (error: unknown, callback: Callback): void => {
        reading.destroy(error, () => writing.destroy(error, callback));
      };
      return new Duplex({ ...options, ...reading, ...writing, destroy });
    },
    toWeb: (stream: NodeStream) => ({
      readable: readableToWeb(stream),
      writable: writableToWeb(stream),
    }),
  });
}

function define(target: object, methods: object): void {
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(target, name, { value, writable: true, configurable: true });
  }
}

function readMethods(reader: Reader) {
  return {
    read(this: NodeStream): void {
      reader.read().then(
        ({ done, value }) => this.push(done ? null : value),
        (error) => this.destroy(error),
      );
    },
    destroy(error: unknown, callback: Callback): void {
      reader.cancel(error).then(
        () => callback(error),
        () => callback(error),
      );
    },
  };
}

function writeMethods(writer: Writer) {
  let closed = false;
  return {
    write(chunk: unknown, _encoding: unknown, callback: Callback): void {
      writer.write(chunk).then(() => callback(), callback);
    },
    final(callback: Callback): void {
      closed = true;
      writer.close().then(() => callback(), callback);
    },
    destroy(error: unknown, callback: Callback): void {
      const done = (): void => callback(error);
      if (closed) done();
      else writer.abort(error).then(done, done);
    },
  };
}

function readableToWeb(stream: NodeStream): unknown {
  return new ReadableStream(
    {
      start(controller: {
        enqueue(chunk: unknown): void;
        close(): void;
        error(reason: unknown): void;
        readonly desiredSize: number;
      }) {
        let over = false;
        stream.pause();
        stream.on("data", (chunk) => {
          // A Buffer is a view of a pool, which a byte stream may not take away.
          controller.enqueue(ArrayBuffer.isView(chunk) ? new Uint8Array(chunk as never) : chunk);
          if (controller.desiredSize <= 0) stream.pause();
        });
        stream.on("error", (error) => {
          over = true;
          controller.error(error);
        });
        stream.once("end", () => {
          if (!over) controller.close();
          over = true;
        });
        stream.once("close", () => {
          if (!over) controller.error(new Error("Premature close"));
          over = true;
        });
      },
      pull: () => stream.resume(),
      cancel: (reason: unknown) => stream.destroy(reason),
    },
    { highWaterMark: 1 },
  );
}

function writableToWeb(stream: NodeStream): unknown {
  return new WritableStream({
    start(controller: { error(reason: unknown): void }) {
      stream.on("error", (error) => controller.error(error));
    },
    write: (chunk: unknown) =>
      new Promise<void>((resolve, reject) => {
        stream.write(chunk, (error) => (error ? reject(error) : resolve()));
      }),
    close: () => new Promise<void>((resolve) => stream.end(resolve)),
    abort: (reason: unknown) => stream.destroy(reason),
  });
}
