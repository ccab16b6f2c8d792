// The memories of WebAssembly, which V8 counts nowhere: all are made here, and counted. What a module
// has of its own, isolate/webassembly.py has made an import, which is made here as well.

import {
  listFilter,
  SafeWeakMap,
  StringIndexOf,
  StringSlice,
  safeList,
  WeakRefDeref,
} from "../primordials.js";
import { bytesOfMemory, importsOf, MEMORIES, makeMemory } from "../web/webassembly.js";

const { WeakRef } = globalThis;
const { create, defineProperty } = Object;
const { parse } = JSON;

let memories = safeList<WeakRef<WebAssembly.Memory>>();
/** What is to be made for each instance of a module: numbered descriptors. */
const needs: SafeWeakMap<WebAssembly.Module, string[]> = new SafeWeakMap();

/** Bytes of all memories that are there, garbage included. */
export function memoryBytes(): number {
  let total = 0;
  const live = safeList<WeakRef<WebAssembly.Memory>>();
  for (let i = 0; i < memories.length; i++) {
    const ref = memories[i] as WeakRef<WebAssembly.Memory>;
    const memory = WeakRefDeref(ref);
    if (memory === undefined) continue;
    live[live.length] = ref;
    total += bytesOfMemory(memory);
  }
  memories = live;
  return total;
}

export function count(memory: WebAssembly.Memory): void {
  memories[memories.length] = new WeakRef(memory);
}

export function newMemory(descriptor: unknown, newTarget?: object): WebAssembly.Memory {
  const memory = makeMemory(descriptor, newTarget);
  count(memory);
  return memory;
}

/** The imports for an instance of a module: the Worker's, and the module's own memories. */
export function importsFor(module: WebAssembly.Module, imports: unknown): unknown {
  const needed = memoriesOf(module);
  if (needed.length === 0) return imports;
  if (imports !== undefined && (typeof imports !== "object" || imports === null)) return imports;
  const own: Record<string, WebAssembly.Memory> = create(null);
  for (let i = 0; i < needed.length; i++) {
    const name = needed[i] as string;
    const descriptor = parse(StringSlice(name, StringIndexOf(name, " "))) as Descriptor;
    if (descriptor.address === "i64") {
      descriptor.initial = BigInt(descriptor.initial);
      if (descriptor.maximum !== undefined) descriptor.maximum = BigInt(descriptor.maximum);
    }
    own[name] = newMemory(descriptor);
  }
  const all = create(imports ?? null) as Record<string, unknown>;
  defineProperty(all, MEMORIES, { value: own });
  return all;
}

interface Descriptor {
  initial: number | bigint;
  maximum?: number | bigint;
  shared?: boolean;
  address?: "i64";
}

function memoriesOf(module: WebAssembly.Module): string[] {
  let names = needs.get(module);
  if (names === undefined) {
    const list = listFilter(importsOf(module), (each) => each.module === MEMORIES);
    names = safeList<string>();
    for (let i = 0; i < list.length; i++) {
      names[i] = (list[i] as WebAssembly.ModuleImportDescriptor).name;
    }
    needs.set(module, names);
  }
  return names;
}
