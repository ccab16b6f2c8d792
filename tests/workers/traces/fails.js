export default {
  async fetch(request) {
    console.warn("about to fail");
    const key = "hid" + "den1"; // not in one piece: Sentry gets the source
    await fetch(`http://127.0.0.1:1/up?api_key=${key}`).catch(() => {});
    fail();
  },
};

function fail() {
  throw new RangeError("out of it");
}
