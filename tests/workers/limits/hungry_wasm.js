// 160 MB in WebAssembly's memories, in pieces of 40 MB: of an instance, which grows it by itself and
// shows it to nobody; of WebAssembly.Memory; and shared.

import module from "./own_memory.wasm";
import { withNeighbour } from "./neighbour.js";

const PIECES = 4;
const PAGES = 640; // of 64 KB
const kept = [];

function touch(memory) {
  const bytes = new Uint8Array(memory.buffer);
  for (let at = 0; at < bytes.length; at += 4096) bytes[at] = 1;
}

export default withNeighbour(async (request) => {
  const { pathname } = new URL(request.url);
  for (let i = 0; i < PIECES; i++) {
    if (pathname === "/instances") {
      const { exports } = new WebAssembly.Instance(module);
      exports.grow(PAGES - 1);
      for (let at = 0; at < PAGES << 16; at += 4096) exports.touch(at);
      kept.push(exports);
    } else if (pathname === "/instantiated") {
      const { exports } = await WebAssembly.instantiate(module, {});
      exports.grow(PAGES - 1);
      for (let at = 0; at < PAGES << 16; at += 4096) exports.touch(at);
      kept.push(exports);
    } else if (pathname === "/memories") {
      const memory = new WebAssembly.Memory({ initial: 1, maximum: PAGES });
      memory.grow(PAGES - 1);
      touch(memory);
      kept.push(memory);
    } else if (pathname === "/shared") {
      const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
      touch(memory);
      kept.push(memory);
    } else if (pathname === "/buffers") {
      const memory = new WebAssembly.Memory({ initial: PAGES });
      touch(memory);
      kept.push(memory.buffer); // which is all that keeps it
    } else if (pathname === "/dropped") {
      touch(new WebAssembly.Memory({ initial: PAGES }));
    }
  }
  await scheduler.wait(1);
  return Response.json({
    imports: WebAssembly.Module.imports(module),
    exports: WebAssembly.Module.exports(module).map(({ name }) => name),
    constructors: [
      new WebAssembly.Memory({ initial: 1 }).constructor === WebAssembly.Memory,
      new WebAssembly.Instance(module) instanceof WebAssembly.Instance,
      new (class extends WebAssembly.Memory {})({ initial: 2 }).buffer.byteLength,
      WebAssembly.Memory.name + WebAssembly.Memory.length + WebAssembly.Instance.length,
    ],
  });
});
