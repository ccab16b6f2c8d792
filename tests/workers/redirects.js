export default {
  async fetch(request) {
    const { url, init } = await request.json();
    try {
      const response = await fetch(url, init);
      const { status, statusText, redirected, type } = response;
      const location = response.headers.get("location");
      const text = await response.text();
      return Response.json({ status, statusText, redirected, type, location, text, url: response.url });
    } catch (error) {
      return Response.json({ error: String(error) });
    }
  },
};
