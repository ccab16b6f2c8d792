// https://nodejs.org/api/webstreams.html#utility-consumers

import { Buffer } from "node:buffer";

type Chunk = string | ArrayBuffer | ArrayBufferView;
type Source = AsyncIterable<Chunk>;

/** All of it as one Buffer. */
export async function buffer(source: Source): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const chunk of source) {
    if (typeof chunk === "string") parts.push(Buffer.from(chunk));
    else if (ArrayBuffer.isView(chunk)) {
      parts.push(Buffer.from(chunk.buffer as ArrayBuffer, chunk.byteOffset, chunk.byteLength));
    } else parts.push(Buffer.from(chunk));
  }
  return Buffer.concat(parts);
}

export async function arrayBuffer(source: Source): Promise<ArrayBuffer> {
  const { buffer: whole, byteOffset, byteLength } = await buffer(source);
  return whole.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}

export async function text(source: Source): Promise<string> {
  return (await buffer(source)).toString();
}

export async function json(source: Source): Promise<unknown> {
  return JSON.parse(await text(source));
}

export async function blob(source: Source): Promise<unknown> {
  const { Blob } = globalThis as unknown as { Blob: new (parts: unknown[]) => unknown };
  return new Blob([await buffer(source)]);
}

export default { arrayBuffer, blob, buffer, json, text };
