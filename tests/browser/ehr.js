// The page of an EHR: patients, orders, and what the services of one CDS Hooks server say of them.

import { Client, NoAnswer } from "./cds_hooks.js";
import { cardOf, ordered } from "./cards.js";
import { el, shown } from "./elements.js";

const USER = "Practitioner/7";

const parameters = new URLSearchParams(location.search);
const at = (id) => document.getElementById(id);

const state = {
  services: [],
  patients: [],
  orders: [],
  patient: null,
  drafts: [],
  drafted: 0,
  asked: 0,
};

const client = new Client(parameters.get("service"), async (audience) => {
  if (!parameters.has("tokens")) return null;
  const found = await read(`/token?audience=${encodeURIComponent(audience)}`);
  return found.token;
});

async function read(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${response.status}`);
  return response.json();
}

// --- calls ---

// Call all services of a hook. Their cards take the place of those that they gave before.
async function call(hook, context) {
  const number = (state.asked += 1);
  const services = state.services.filter((service) => service.hook === hook);
  const whole = { userId: USER, patientId: state.patient.id, ...context };
  at("answer").replaceChildren(el("p", { class: "waiting" }, "Asking…"));
  at("answer").dataset.state = "waiting";
  const parts = await Promise.all(services.map((service) => answered(service, whole)));
  // A slow answer for the patient before must not be shown for the one who is open now.
  if (number !== state.asked) return;
  const said = parts.flat();
  const nothing = el("p", { class: "waiting" }, "The services have nothing to say.");
  at("answer").replaceChildren(...(said.length > 0 ? said : [nothing]));
  at("answer").dataset.state = "done";
  at("answer").dataset.hook = hook;
}

async function answered(service, context) {
  try {
    const ask = (query) => read(`/fhir/${query}`);
    const sent = at("send").checked ? await client.prefetch(service, context, ask) : null;
    const found = await client.call(service, context, sent);
    return found.cards.map((card) => cardOf(card, acts(service, card)));
  } catch (error) {
    return [refusal(error)];
  }
}

function refusal(error) {
  const known = error instanceof NoAnswer;
  const status = known && error.status !== null ? ` (status ${error.status})` : "";
  return el(
    "article",
    { class: "refusal", role: "alert" },
    el("h2", {}, known ? error.message : "This page failed."),
    el("p", {}, `There is no advice for this patient${status}. That says nothing of the patient.`),
    el("ul", {}, (known ? error.details : []).map((detail) => el("li", {}, detail))),
  );
}

function acts(service, card) {
  return {
    async accept(suggestion) {
      const acceptedSuggestions = [{ id: suggestion.uuid }];
      await client.feedback(service, { card: card.uuid, outcome: "accepted", acceptedSuggestions });
      for (const action of suggestion.actions ?? []) {
        if (action.type === "create") draft(action.resource);
        if (action.type === "delete") remove(action.resourceId);
      }
    },
    async override(reason, userComment) {
      const entry = { card: card.uuid, outcome: "overridden" };
      if (reason || userComment) {
        entry.overrideReason = { ...(reason && { reason }), ...(userComment && { userComment }) };
      }
      await client.feedback(service, entry);
    },
  };
}

// --- orders ---

const reference = (order) => `${order.resourceType}/${order.id}`;

function draft(order) {
  const subject = { reference: `Patient/${state.patient.id}` };
  state.drafted += 1;
  state.drafts.push({ ...order, id: order.id ?? `draft-${state.drafted}`, subject });
  showDrafts();
  return state.drafts.at(-1);
}

function remove(named) {
  state.drafts = state.drafts.filter((order) => reference(order) !== named);
  showDrafts();
}

function showDrafts() {
  const none = el("p", { class: "none" }, "None.");
  const items = state.drafts.map((order) => el("li", { "data-id": order.id }, ordered(order)));
  at("drafts").replaceChildren(items.length > 0 ? el("ul", {}, items) : none);
}

async function order() {
  const chosen = state.orders[at("catalogue").value];
  if (chosen === undefined) return;
  at("catalogue").value = "";
  const added = draft(chosen);
  await call("order-select", {
    selections: [reference(added)],
    draftOrders: {
      resourceType: "Bundle",
      type: "collection",
      entry: state.drafts.map((one) => ({ fullUrl: `urn:uuid:${crypto.randomUUID()}`, resource: one })),
    },
  });
}

// --- patients ---

function years(born) {
  const [then, now] = [new Date(born), new Date()];
  const before = now.toISOString().slice(5, 10) < born.slice(5, 10);
  return now.getUTCFullYear() - then.getUTCFullYear() - (before ? 1 : 0);
}

async function open(patient) {
  state.patient = patient;
  state.drafts = [];
  for (const button of at("patients").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.dataset.id === patient.id));
  }
  const record = patient.record.map(([name, text]) => [el("dt", {}, name), el("dd", {}, text)]);
  at("patient").replaceChildren(
    ...shown([
      el("h1", {}, patient.name),
      el("p", {}, `${years(patient.born)} years, born ${patient.born} · ${patient.reason}`),
      record.length > 0 && el("dl", { class: "record" }, record),
    ]),
  );
  at("orders").hidden = false;
  showDrafts();
  await call("patient-view", {});
}

function listPatients() {
  at("patients").replaceChildren(
    ...state.patients.map((patient) =>
      el(
        "button",
        { type: "button", "data-id": patient.id, "aria-pressed": "false", onclick: () => open(patient) },
        el("span", { class: "name" }, patient.name),
        el("span", { class: "reason" }, patient.reason),
      ),
    ),
  );
  at("catalogue").append(
    ...state.orders.map((one, index) => el("option", { value: index }, one.code.text)),
  );
}

async function begin() {
  [state.patients, state.orders] = await Promise.all([read("/patients"), read("/orders")]);
  listPatients();
  at("order").addEventListener("click", order);
  try {
    state.services = await client.discover();
    const hooks = state.services.map((service) => service.hook);
    at("service").textContent = `${client.base}: ${hooks.join(", ")}`;
    document.body.dataset.state = "ready";
  } catch (error) {
    at("service").textContent = client.base;
    at("answer").replaceChildren(refusal(error));
    document.body.dataset.state = "failed";
  }
}

begin();
