// A client of CDS Hooks 2.0: discovery, prefetch, calls, feedback, and refusals in words.

// Why there is no answer, in words for the person at the screen.
export class NoAnswer extends Error {
  constructor(title, details = [], status = null) {
    super(title);
    this.details = details;
    this.status = status;
  }
}

export class Client {
  // `token` returns a token for the address of a call, or null where none is sent.
  constructor(base, token) {
    this.base = base.replace(/\/+$/, "");
    this.token = token;
  }

  async discover() {
    const found = await this.#fetch(`${this.base}/cds-services`, { method: "GET" }, false);
    return found.services;
  }

  // Fill the prefetch templates of a service and ask the records for each. A query that fails is
  // left out: the service is to know that it was not answered.
  async prefetch(service, context, read) {
    const values = { "context.userId": context.userId, "context.patientId": context.patientId };
    const found = {};
    const ask = async ([key, template]) => {
      const query = template.replace(/\{\{([^{}]*)\}\}/g, (_, name) => values[name] ?? "");
      try {
        found[key] = await read(query);
      } catch {
        // not satisfied
      }
    };
    await Promise.all(Object.entries(service.prefetch ?? {}).map(ask));
    return found;
  }

  async call(service, context, prefetch) {
    const body = { hook: service.hook, hookInstance: crypto.randomUUID(), context };
    if (prefetch !== null) body.prefetch = prefetch;
    return this.#post(`${this.base}/cds-services/${encodeURIComponent(service.id)}`, body);
  }

  async feedback(service, entry) {
    const at = `${this.base}/cds-services/${encodeURIComponent(service.id)}/feedback`;
    const outcomeTimestamp = new Date().toISOString();
    return this.#post(at, { feedback: [{ ...entry, outcomeTimestamp }] });
  }

  #post(address, body) {
    const headers = { "Content-Type": "application/json" };
    return this.#fetch(address, { method: "POST", headers, body: JSON.stringify(body) }, true);
  }

  async #fetch(address, options, signed) {
    const token = signed ? await this.token(address) : null;
    if (token !== null) options.headers = { ...options.headers, Authorization: `Bearer ${token}` };
    let response;
    try {
      response = await fetch(address, { ...options, credentials: "omit", redirect: "error" });
    } catch {
      throw new NoAnswer("The service cannot be reached.", [
        "It is not running, or it does not let pages of this EHR call it.",
      ]);
    }
    const body = await response.json().catch(() => null);
    if (response.ok && body !== null) return body;
    throw refused(response.status, body);
  }
}

const TITLES = {
  400: "The service could not read the call.",
  401: "The service does not accept this EHR's token.",
  404: "The service does not know this address.",
  412: "The service needs data that it was not sent.",
  413: "The service was sent too much.",
  503: "The service cannot answer at the moment.",
};

function refused(status, body) {
  const issues = Array.isArray(body?.issue) ? body.issue : [];
  const details = issues.map((issue) => issue.diagnostics ?? issue.details?.text ?? issue.code);
  const title = TITLES[status] ?? (status >= 500 ? "The service failed." : "The service refused.");
  return new NoAnswer(title, details.filter(Boolean), status);
}
