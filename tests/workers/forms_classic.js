// The variables are there before the first line runs.
const greetingAtStart = GREETING;

addEventListener("fetch", (event) => {
  const { pathname } = new URL(event.request.url);
  if (pathname === "/throw") throw new Error("thrown by a listener");
  if (pathname === "/silent") return;
  if (pathname === "/wait") {
    event.waitUntil(scheduler.wait(30).then(() => console.log("waited")));
  }
  event.respondWith(answer(event));
});

async function answer(event) {
  return Response.json({ form: "classic", greeting: greetingAtStart, type: event.type });
}
