import { RpcTarget, WorkerEntrypoint } from "cloudflare:workers";

export default {
  fetch: () => new Response("Hello, world!"),
};

class Greeter extends RpcTarget {
  #name;
  constructor(name) {
    super();
    this.#name = name;
  }
  hello() {
    return `Hello, ${this.#name}!`;
  }
}

export class Calls extends WorkerEntrypoint {
  hello(name) {
    return `Hello, ${name}!`;
  }
  greeter(name) {
    return new Greeter(name);
  }
}
