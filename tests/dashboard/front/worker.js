/** What the dashboard is looked at with. */

const HOSTILE = `<img src="x" onerror="document.title='taken'"><script>document.title='taken'</script>`;

export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/hostile")) {
      console.log(`${HOSTILE}\u202e`);
      console.error("<b>second</b>\nline");
      throw new TypeError(`no ${HOSTILE}`);
    }
    if (pathname !== "/fan") return new Response("hello");
    const first = await fetch(`${env.UPSTREAM}/delay/40`);
    const second = await fetch(`${env.UPSTREAM}/delay/60`);
    console.log("both are there", first.status, second.status);
    const [stock] = await Promise.all([env.STOCK.fetch("https://stock/7"), scheduler.wait(10)]);
    ctx.waitUntil(fetch(`${env.UPSTREAM}/delay/30`).then((response) => response.text()));
    return new Response((await first.text()) + (await second.text()) + (await stock.text()));
  },
};
