import { EmailMessage } from "cloudflare:email";
import { env, exports, tracing, WorkerEntrypoint, withEnv, withEnvAndExports, withExports } from "cloudflare:workers";
import { NonRetryableError } from "cloudflare:workflows";
import { equal, serve, thrown } from "./harness.js";

const atStart = exports;

export class Adder extends WorkerEntrypoint {
  add(a, b) {
    return a + b;
  }
}

export default serve({
  async exportsAreTheWorkersOwn() {
    equal(Object.keys(exports).sort().join(), "Adder,default");
    equal(await exports.Adder.add(1, 2), 3);
    equal(await atStart.Adder({ props: { a: 1 } }).add(2, 3), 5);
    equal("Nobody" in exports, false);
  },
  async othersCanBePutInPlace() {
    const seen = async () => {
      await 1;
      return `${exports.name} ${env.name}`;
    };
    equal(await withExports({ name: "e" }, seen), "e undefined");
    equal(await withEnv({ name: "v" }, seen), "undefined v");
    equal(await withEnvAndExports({ name: "v" }, { name: "e" }, seen), "e v");
    equal(await seen(), "undefined undefined");
    equal(thrown(() => withExports(1, seen)).name, "TypeError");
  },
  tracingIsThatOfTheContext() {
    equal(tracing.enterSpan("name", (span) => tracing.getActiveSpan() === span), true);
  },
  anEmailMessageIsItsEnvelope() {
    const message = new EmailMessage("a@example.com", "b@example.com", "Subject: x\r\n\r\ntext");
    equal(`${message.from} ${message.to}`, "a@example.com b@example.com");
    equal(thrown(() => new EmailMessage("a@example.com")).name, "TypeError");
  },
  anErrorThatIsNotToBeTriedAgain() {
    const error = new NonRetryableError("why", "Mine");
    equal(`${error} ${error instanceof Error}`, "Mine: why true");
    equal(new NonRetryableError("why").name, "NonRetryableError");
  },
});
