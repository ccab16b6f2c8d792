// Calls the Worker back that has called it.
import { WorkerEntrypoint } from "cloudflare:workers";

export default class extends WorkerEntrypoint {
  async calls() {
    return await this.env.FRONT.waits();
  }

  async fetches() {
    return await (await this.env.FRONT.fetch("http://front/waits")).text();
  }

  async hops(left) {
    return left > 0 ? await this.env.FRONT.hops(left - 1) : await this.env.FRONT.waits();
  }

  async answered() {
    return await this.env.FRONT.answers();
  }
}
