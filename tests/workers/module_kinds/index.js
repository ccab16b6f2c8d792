import { env, WorkerEntrypoint, waitUntil, withEnv } from "cloudflare:workers";
import add from "./add.wasm";
import addAgain from "./add.wasm?module";
import data, { name, "with-dash" as dash } from "./data.json" with { type: "json" };
import * as json from "./data.json";
import pretends from "./lib/pretends.cjs";
import sloppy, * as commonjs from "./lib/sloppy.cjs";
import note from "./note.txt";
import page from "./page.html";
import raw from "./raw.bin";
import markdown from "./read.md";

const topLevelColour = env.COLOUR;

const TESTS = {
  text() {
    equal(note, 'a text, with "quotes"\nand €');
    equal(page, "<p>page</p>\n");
  },
  text_by_a_rule() {
    equal(markdown, "# Heading\n");
  },
  data() {
    equal(raw instanceof ArrayBuffer, true);
    equal(new Uint8Array(raw).join(), Array.from({ length: 256 }, (_, i) => i).join());
  },
  json() {
    equal(data.list.join(), "1,2");
    equal(name, "edge");
    equal(dash, true);
    equal(json.default, data);
    equal(json.class, "c");
  },
  async json_imported_dynamically() {
    const found = await import("./data.json", { with: { type: "json" } });
    equal(found.default, data);
  },
  async wasm() {
    equal(add instanceof WebAssembly.Module, true);
    equal(add, addAgain);
    equal(WebAssembly.Module.exports(add)[0].name, "add");
    const instance = await WebAssembly.instantiate(add);
    equal(instance instanceof WebAssembly.Instance, true);
    equal(instance.exports.add(40, 2), 42);
    equal(new WebAssembly.Instance(add).exports.add(1, 1), 2);
  },
  async wasm_of_bytes_is_refused() {
    const bytes = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
    const words = "(): Wasm code generation disallowed by embedder";
    for (const what of ["instantiate", "compile"]) {
      const error = await rejected(WebAssembly[what](bytes));
      equal(error instanceof WebAssembly.CompileError, true);
      equal(error.message, `WebAssembly.${what}${words}`);
    }
    for (const Module of [WebAssembly.Module, add.constructor]) {
      equal(thrown(() => new Module(bytes)).message, `WebAssembly.Module${words}`);
      equal(thrown(() => Reflect.construct(Module, [bytes], Object)).message.endsWith(words), true);
      equal(thrown(() => new (class extends Module {})(bytes)).message.endsWith(words), true);
    }
    equal(thrown(() => WebAssembly.Module(bytes)).name, "TypeError");
    equal(WebAssembly.validate(bytes), true);
    equal(typeof WebAssembly.compileStreaming, "undefined");
  },
  commonjs() {
    equal(Object.keys(commonjs).join(), "default");
    equal(globalThis.undeclared, "sloppy");
    equal(sloppy.names.join(), "/lib/sloppy.cjs,/lib");
    equal(sloppy.text, note);
    equal(sloppy.json, "edge");
    equal(sloppy.bytes, 256);
    equal(sloppy.gone, 'Error: No such module "lib/gone.cjs".');
  },
  commonjs_in_a_circle() {
    equal(sloppy.other.saw.join(), "early");
    equal(sloppy.again, true);
  },
  commonjs_requires_an_es_module() {
    equal(sloppy.esm(), "hello");
  },
  async commonjs_that_throws() {
    const error = await rejected(import("./throws.cjs"));
    equal(error.name, "TypeError");
    equal(/worker:\/throws\.cjs:2:7/.test(error.stack), true);
  },
  async a_module_that_pretends_to_be_ours_is_none() {
    const states = (await pretends.reach()).map(({ status }) => status);
    equal(states.join(), "rejected,rejected");
  },
  importable_env() {
    equal(topLevelColour, "blue");
    equal(Object.keys(env).join(), "COLOUR,NESTED");
    equal(JSON.stringify(env), '{"COLOUR":"blue","NESTED":{"a":1}}');
    equal("COLOUR" in env, true);
  },
  async env_can_be_replaced_for_a_call() {
    const seen = await withEnv({ COLOUR: "red" }, async () => {
      const now = env.COLOUR;
      await scheduler.wait(1);
      return [now, env.COLOUR];
    });
    equal(seen.join(), "red,red");
    equal(env.COLOUR, "blue");
  },
  wait_until_without_ctx() {
    waitUntil(scheduler.wait(5).then(() => console.log("waited")));
  },
  async modules_that_are_not_there() {
    for (const name of ["./gone.js", "gone", "node:gone", "cloudflare:gone", "edgewright:capture"]) {
      equal(typeof (await rejected(import(name))), "object");
    }
  },
};

function equal(got, expected) {
  if (got !== expected) throw new Error(`got ${got}, not ${expected}`);
}

function thrown(action) {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

async function rejected(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it did not reject");
}

let instances = 0;

export default class extends WorkerEntrypoint {
  number = ++instances;

  async fetch(request) {
    const test = new URL(request.url).pathname.slice(1);
    if (test === "instance") {
      const parts = [this.number > 0, typeof this.ctx.waitUntil, this.env.COLOUR];
      return new Response(parts.join());
    }
    await TESTS[test]();
    return new Response("ok");
  }
}
