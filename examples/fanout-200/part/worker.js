// A part of a fan-out, with subrequests and CPU time of its own.
import { WorkerEntrypoint } from "cloudflare:workers";

export class Part extends WorkerEntrypoint {
  async prices(from, count) {
    const asked = Array.from({ length: count }, (_, i) =>
      fetch(`${this.env.UPSTREAM}/price/${from + i}`).then((response) => response.json()),
    );
    return await Promise.all(asked);
  }
}
