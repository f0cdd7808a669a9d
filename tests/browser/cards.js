// A card as a clinician sees it: how urgent, what, why, from where, and what can be done.

import { el, link } from "./elements.js";
import { render } from "./markdown.js";

const INDICATORS = { info: "Information", warning: "Warning", critical: "Critical" };

// `act` has: accept(suggestion), override(reason, comment), each a promise of feedback taken.
export function cardOf(card, act) {
  const indicator = INDICATORS[card.indicator] === undefined ? "warning" : card.indicator;
  const said = el("p", { class: "said", role: "status" });
  const made = el(
    "article",
    { class: `card ${indicator}`, "data-uuid": card.uuid, "data-indicator": card.indicator },
    el(
      "header",
      {},
      el("span", { class: "indicator" }, INDICATORS[card.indicator] ?? card.indicator),
      el("h2", {}, card.summary),
      el("p", { class: "source" }, "Source: ", link(card.source.url, card.source.label)),
    ),
    suggestions(card, act, said),
    responses(card, act, said),
    card.detail !== undefined && el("section", { class: "detail" }, render(card.detail)),
  );
  return made;
}

function suggestions(card, act, said) {
  const given = card.suggestions ?? [];
  if (given.length === 0) return null;
  const one = card.selectionBehavior === "at-most-one" ? "Suggestion, one of:" : "Suggestions";
  return el(
    "section",
    { class: "suggestions" },
    el("h3", {}, one),
    given.map((suggestion) => suggested(suggestion, act, said)),
  );
}

function suggested(suggestion, act, said) {
  const button = el("button", { type: "button", class: "accept" }, "Accept");
  button.addEventListener("click", () =>
    during([button], said, async () => {
      await act.accept(suggestion);
      button.replaceWith(el("span", { class: "done" }, "Accepted"));
      return "The service was told that this was accepted.";
    }),
  );
  return el(
    "div",
    { class: "suggestion", "data-uuid": suggestion.uuid },
    el("div", { class: "words" }, el("h4", {}, suggestion.label), suggestion.actions?.map(acted)),
    button,
  );
}

function acted(action) {
  if (action.type === "delete") return el("p", {}, action.description);
  return ordered(action.resource, action.type === "create" ? "Draft order" : "Changed order");
}

// What an order says: its title, how urgent it is, and the dose.
export function ordered(resource, what = "Draft order") {
  const title = resource.code?.text ?? resource.resourceType;
  const urgent = resource.priority === undefined ? "" : `, ${resource.priority}`;
  const rows = doses(resource);
  return el(
    "div",
    { class: "order" },
    el("p", {}, el("strong", {}, title), el("span", { class: "kind" }, `${what}${urgent}`)),
    rows.length > 0 &&
      el("dl", {}, rows.map(([name, amount]) => [el("dt", {}, name), el("dd", {}, amount)])),
  );
}

// The dose is in extensions, one for each item, and in words in a note.
function doses(resource) {
  const items = (resource.extension ?? []).filter((one) => one.url.endsWith("/exercise-dose"));
  const part = (one, name) => one.extension?.find((each) => each.url === name)?.valueString;
  const rows = items.map((one) => [part(one, "item") ?? "", part(one, "words") ?? ""]);
  if (rows.length > 0) return rows;
  const notes = (resource.note ?? []).map((note) => note.text ?? "");
  return notes.filter((text) => text.startsWith("Dose: ")).map((text) => ["dose", text.slice(6)]);
}

function responses(card, act, said) {
  const reasons = card.overrideReasons ?? [];
  const choose = el(
    "select",
    { "aria-label": "Reason not to follow this card" },
    el("option", { value: "" }, "Reason not to follow this card"),
    reasons.map((reason, index) => el("option", { value: index }, reason.display ?? reason.code)),
  );
  const comment = el("input", { type: "text", "aria-label": "Comment", placeholder: "Comment" });
  const button = el("button", { type: "button", class: "override" }, "Override");
  button.addEventListener("click", () =>
    during([button, choose, comment], said, async () => {
      await act.override(reasons[choose.value], comment.value.trim());
      return "The service was told that this was overridden.";
    }),
  );
  return el(
    "section",
    { class: "responses" },
    el("div", { class: "overriding" }, choose, comment, button),
    said,
    el(
      "p",
      { class: "links" },
      (card.links ?? []).map((one) => link(one.type === "absolute" ? one.url : "", one.label)),
    ),
  );
}

// Do something once: what is pressed is shut meanwhile, and opens again only if it failed.
async function during(controls, said, doing) {
  const open = controls.filter((control) => !control.disabled);
  for (const control of open) control.disabled = true;
  try {
    said.textContent = await doing();
    said.classList.remove("failed");
  } catch (error) {
    said.textContent = [error.message, ...(error.details ?? [])].join(" ");
    said.classList.add("failed");
    for (const control of open) control.disabled = false;
  }
}
