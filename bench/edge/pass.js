// The floor: what workerd itself costs.
export default {
  fetch(request, { UPSTREAM, KEY }) {
    const { pathname } = new URL(request.url);
    const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };
    return fetch(UPSTREAM + pathname.slice("/api/v1".length), { method: request.method, headers, body: request.body });
  },
};
