import { equal, looksLikeAnInterface, next, serve, thrown } from "./testing.js";

const early = new MessageChannel();
early.port1.postMessage("posted in the global scope");

/** What a port gets until it has got so many. */
function messages(port, count) {
  return new Promise((resolve) => {
    const got = [];
    port.onmessage = ({ data }) => {
      got.push(data);
      if (got.length === count) resolve(got);
    };
  });
}

export default serve({
  kindsAndAttributes() {
    looksLikeAnInterface("MessageChannel", ["port1", "port2"]);
    looksLikeAnInterface("MessagePort", ["postMessage", "start", "close", "onmessage"]);
    equal(thrown(() => new MessagePort()).message, "Illegal constructor");
    const { port1 } = new MessageChannel();
    equal([port1 instanceof EventTarget, port1.onmessage], [true, null]);
    port1.onmessage = 5;
    equal(port1.onmessage, null);
  },
  async copiesGoFromPortToPort() {
    const { port1, port2 } = new MessageChannel();
    const heard = next(port2, "message");
    port2.start();
    const sent = { date: new Date(5), map: new Map([[1, 2]]) };
    port1.postMessage(sent);
    const event = await heard;
    equal([event.data !== sent, event.data.date.getTime(), event.data.map.get(1)], [true, 5, 2]);
    equal([event.constructor === MessageEvent, event.target === port2], [true, true]);
    equal([event.origin, event.source === port2, event.ports.length], [null, true, 0]);
    equal([event.isTrusted, event.lastEventId], [true, ""]);
  },
  async messagesWaitForTheStartAndKeepTheirOrder() {
    const { port1, port2 } = new MessageChannel();
    for (const i of [1, 2, 3]) port1.postMessage(i);
    await scheduler.wait(5);
    equal(await messages(port2, 3), [1, 2, 3]);
    equal(await messages(early.port2, 1), ["posted in the global scope"]);
  },
  async theyComeAfterTheCodeThatPostsThem() {
    const { port1, port2 } = new MessageChannel();
    const order = [];
    port2.onmessage = () => order.push("message");
    port1.postMessage(1);
    order.push("code");
    await scheduler.wait(5);
    equal(order, ["code", "message"]);
  },
  async bothPortsHearOfTheEnd() {
    const { port1, port2 } = new MessageChannel();
    port1.postMessage("before");
    port1.close();
    await next(port2, "close");
    port2.postMessage("into the void");
    port1.postMessage("into the void");
    equal(await messages(port2, 1), ["before"]);
  },
  whatCanNotBeSent() {
    const { port1, port2 } = new MessageChannel();
    const buffer = new ArrayBuffer(8);
    const unsupported = "Error: Transfer list is not supported";
    equal(String(thrown(() => port1.postMessage(buffer, [buffer]))), unsupported);
    equal(String(thrown(() => port1.postMessage(buffer, { transfer: [port2] }))), unsupported);
    equal(thrown(() => port1.postMessage(() => {})).name, "DataCloneError");
    equal(buffer.byteLength, 8);
  },
});
