const calls = [];

addEventListener("tail", (event) => {
  calls.push({ same: event.events === event.traces, is: event instanceof TailEvent });
  event.waitUntil(Promise.resolve());
  calls.push(event.events.map(({ scriptName, outcome }) => [scriptName, outcome]));
});

addEventListener("fetch", (event) => event.respondWith(Response.json(calls)));
