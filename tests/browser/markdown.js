// GitHub-flavoured Markdown as elements: headings, paragraphs, quotations, lists, tables, code,
// rules, bold, italics, deleted, links. HTML in it stays text, a picture is its words, and a link
// that does not go to http or https is shown as it was written.

import { el, link, safe } from "./elements.js";

const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])( {1,4}(?! )|(?= {5})|$)/;
const FENCE = /^ {0,3}(`{3,}|~{3,})(.*)$/;
const HEADING = /^ {0,3}(#{1,6})(?: +(.*?))?(?: +#+)? *$/;
const RULE = /^ {0,3}([-*_])(?: *\1){2,} *$/;
const QUOTE = /^ {0,3}> ?/;
const DELIMITER = /^ {0,3}\|? *:?-+:? *(\| *:?-+:? *)*\|? *$/;
const DEEPEST = 20;

export function render(text) {
  const fragment = document.createDocumentFragment();
  const lines = String(text).replace(/\r\n?/g, "\n").replace(/\t/g, "    ").split("\n");
  fragment.append(...blocks(lines, 0));
  return fragment;
}

// --- blocks ---

function blocks(lines, depth) {
  const made = [];
  if (depth > DEEPEST) return [el("p", {}, lines.join("\n"))];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at];
    let found;
    if (line.trim() === "") {
      at += 1;
    } else if (line.startsWith("    ")) {
      let end = at;
      while (end < lines.length && /^( {4}|\s*$)/.test(lines[end])) end += 1;
      const code = lines.slice(at, end).map((each) => each.slice(4)).join("\n");
      made.push(el("pre", {}, el("code", {}, code.trimEnd())));
      at = end;
    } else if ((found = FENCE.exec(line))) {
      const end = closing(lines, at, found[1]);
      made.push(el("pre", {}, el("code", {}, lines.slice(at + 1, end).join("\n"))));
      at = end + 1;
    } else if ((found = HEADING.exec(line))) {
      // Below the headings of the page itself.
      const level = Math.min(6, found[1].length + 1);
      made.push(el(`h${level}`, {}, inline(found[2] ?? "", depth)));
      at += 1;
    } else if (RULE.test(line)) {
      made.push(el("hr"));
      at += 1;
    } else if (QUOTE.test(line)) {
      let end = at;
      while (end < lines.length && (QUOTE.test(lines[end]) || continues(lines, end))) end += 1;
      const inner = lines.slice(at, end).map((each) => each.replace(QUOTE, ""));
      made.push(el("blockquote", {}, blocks(inner, depth + 1)));
      at = end;
    } else if (ITEM.test(line)) {
      const [list, end] = listed(lines, at, depth);
      made.push(list);
      at = end;
    } else if (line.includes("|") && DELIMITER.test(lines[at + 1] ?? "") && fits(lines, at)) {
      const [table, end] = tabled(lines, at, depth);
      made.push(table);
      at = end;
    } else {
      let end = at + 1;
      while (end < lines.length && continues(lines, end)) end += 1;
      const words = lines.slice(at, end).map((each) => each.trimStart()).join("\n");
      made.push(el("p", {}, inline(words.trimEnd(), depth)));
      at = end;
    }
  }
  return made;
}

// Whether a line goes on with the paragraph of the line before it.
function continues(lines, at) {
  const line = lines[at];
  if (line.trim() === "" || (at > 0 && lines[at - 1].trim() === "")) return false;
  return ![FENCE, HEADING, RULE, QUOTE, ITEM].some((one) => one.test(line));
}

function closing(lines, at, mark) {
  const end = new RegExp(`^ {0,3}${mark[0] === "`" ? "`" : "~"}{${mark.length},} *$`);
  let found = at + 1;
  while (found < lines.length && !end.test(lines[found])) found += 1;
  return found;
}

function listed(lines, start, depth) {
  const ordered = (line) => /\d/.test(ITEM.exec(line)[2][0]);
  const kind = ordered(lines[start]);
  const items = [];
  let at = start;
  let loose = false;
  while (at < lines.length && ITEM.test(lines[at]) && !RULE.test(lines[at])) {
    if (ordered(lines[at]) !== kind) break;
    const [marker] = ITEM.exec(lines[at]);
    const width = marker.length;
    const inner = [lines[at].slice(width)];
    at += 1;
    while (at < lines.length) {
      const line = lines[at];
      const indented = line.startsWith(" ".repeat(width));
      if (line.trim() === "") {
        let next = at;
        while (next < lines.length && lines[next].trim() === "") next += 1;
        const belongs = next < lines.length && lines[next].startsWith(" ".repeat(width));
        const another = next < lines.length && ITEM.test(lines[next]) && !RULE.test(lines[next]);
        if (another && !belongs && ordered(lines[next]) === kind) loose = true;
        if (!belongs) {
          at = next;
          break;
        }
        loose = true;
        inner.push("");
      } else if (indented) {
        inner.push(line.slice(width));
      } else if (continues(lines, at) && inner[inner.length - 1].trim() !== "") {
        inner.push(line.trimStart());
      } else {
        break;
      }
      at += 1;
    }
    items.push(blocks(inner, depth + 1));
    if (lines[at - 1]?.trim() === "" && !(at < lines.length && ITEM.test(lines[at]))) break;
  }
  const tight = (parts) =>
    loose ? parts : parts.flatMap((part) => (part.tagName === "P" ? [...part.childNodes] : [part]));
  const first = kind ? Number.parseInt(ITEM.exec(lines[start])[2], 10) : undefined;
  const list = el(
    kind ? "ol" : "ul",
    { start: first === 1 ? undefined : first },
    items.map((parts) => el("li", {}, tight(parts))),
  );
  return [list, at];
}

function cells(line) {
  const inner = line.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replace(/\\\|/g, "|"));
}

function fits(lines, at) {
  return cells(lines[at]).length === cells(lines[at + 1]).length;
}

function tabled(lines, at, depth) {
  const head = cells(lines[at]);
  let end = at + 2;
  const rows = [];
  while (end < lines.length && lines[end].trim() !== "" && continues(lines, end)) {
    const row = cells(lines[end]);
    rows.push(head.map((_, index) => row[index] ?? ""));
    end += 1;
  }
  const made = el(
    "table",
    {},
    el("thead", {}, el("tr", {}, head.map((cell) => el("th", {}, inline(cell, depth))))),
    el("tbody", {}, rows.map((row) => el("tr", {}, row.map((cell) => el("td", {}, inline(cell, depth)))))),
  );
  return [made, end];
}

// --- inside a line ---

const ENTITY = /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos|nbsp|hellip));/y;
const NAMED = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0", hellip: "…" };
const BARE = /(?:https?:\/\/|www\.)[^\s<]+/iy;
const ANGLED = /<(https?:\/\/[^\s<>]+)>/iy;
const RUN = { "*": /\*{1,2}/y, _: /_{1,2}/y, "~": /~{1,2}/y };
const TAGS = { "*": "em", _: "em", "**": "strong", __: "strong", "~": "del", "~~": "del" };

function inline(text, depth) {
  if (depth > DEEPEST) return [text];
  const made = [];
  let plain = "";
  const put = (node) => {
    if (plain !== "") made.push(document.createTextNode(plain));
    plain = "";
    made.push(node);
  };
  let at = 0;
  while (at < text.length) {
    const step = special(text, at, depth);
    if (step === null) {
      plain += text[at];
      at += 1;
    } else {
      if (typeof step.node === "string") plain += step.node;
      else put(step.node);
      at = step.end;
    }
  }
  if (plain !== "") made.push(document.createTextNode(plain));
  return made;
}

function matched(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

// What begins at a place and is more than one letter of text, or null.
function special(text, at, depth) {
  const mark = text[at];
  if (mark === "\\") return escape(text, at);
  if (mark === "&") return entity(text, at);
  if (mark === "`") return code(text, at);
  if (mark in RUN) return emphasis(text, at, depth);
  if (mark === "[") return linked(text, at, depth);
  if (mark === "!" && text[at + 1] === "[") return picture(text, at);
  if (mark === "<") {
    const found = matched(ANGLED, text, at);
    return found && { node: link(found[1], found[1]), end: at + found[0].length };
  }
  // An address by itself begins a line or follows a space or one of these marks.
  if ("hHwW".includes(mark) && /[\s*_~(]/.test(text[at - 1] ?? " ")) return bare(text, at);
  return null;
}

function escape(text, at) {
  if (text[at + 1] === "\n") return { node: el("br"), end: at + 2 };
  if (/[!-/:-@[-`{-~]/.test(text[at + 1] ?? "")) return { node: text[at + 1], end: at + 2 };
  return null;
}

function entity(text, at) {
  const found = matched(ENTITY, text, at);
  if (!found) return null;
  const [whole, decimal, hexadecimal, name] = found;
  let node = NAMED[name];
  if (node === undefined) {
    const point = decimal ? Number.parseInt(decimal, 10) : Number.parseInt(hexadecimal, 16);
    const valid = point > 0 && point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff);
    node = valid ? String.fromCodePoint(point) : "\ufffd";
  }
  return { node, end: at + whole.length };
}

function code(text, at) {
  const open = /`+/y;
  const [run] = matched(open, text, at);
  for (let end = at + run.length; end < text.length; end += 1) {
    if (text[end] !== "`") continue;
    const [other] = matched(/`+/y, text, end);
    if (other === run) {
      const inner = text.slice(at + run.length, end).replace(/\n/g, " ");
      return { node: el("code", {}, inner.replace(/^ (.*[^ ].*) $/, "$1")), end: end + run.length };
    }
    end += other.length - 1;
  }
  return { node: run, end: at + run.length };
}

function emphasis(text, at, depth) {
  const [run] = matched(RUN[text[at]], text, at);
  const after = text[at + run.length] ?? " ";
  const word = /[\p{L}\p{N}]/u;
  const opens = !/\s/.test(after) && !(run[0] === "_" && word.test(text[at - 1] ?? " "));
  if (opens) {
    for (let end = at + run.length; end < text.length; end += 1) {
      if (text[end] === "\\") end += 1;
      else if (text[end] === "`") end = code(text, end).end - 1;
      else if (text.startsWith(run, end) && end > at + run.length && !/\s/.test(text[end - 1])) {
        const other = /(.)\1*/y;
        const length = matched(other, text, end)[0].length;
        const inside = run[0] === "_" && word.test(text[end + run.length] ?? " ");
        if (length === run.length && !inside) {
          const inner = inline(text.slice(at + run.length, end), depth + 1);
          return { node: el(TAGS[run], {}, inner), end: end + run.length };
        }
        end += length - 1;
      }
    }
  }
  return { node: run, end: at + run.length };
}

// The place of the bracket that closes the one at a place, or -1.
function closed(text, at) {
  let open = 0;
  for (let end = at; end < text.length; end += 1) {
    if (text[end] === "\\") end += 1;
    else if (text[end] === "`") end = code(text, end).end - 1;
    else if (text[end] === "[") open += 1;
    else if (text[end] === "]" && --open === 0) return end;
  }
  return -1;
}

const TARGET = /\( *(?:<([^<>\n]*)>|((?:[^\s()]|\([^\s()]*\))*))(?: +(?:"[^"]*"|'[^']*'|\([^()]*\)))? *\)/y;

function target(text, at) {
  const end = closed(text, at);
  const found = end < 0 ? null : matched(TARGET, text, end + 1);
  if (!found) return null;
  return { words: text.slice(at + 1, end), address: found[1] ?? found[2], end: end + 1 + found[0].length };
}

function linked(text, at, depth) {
  const found = target(text, at);
  if (!found) return null;
  const address = found.address.replace(/\\([!-/:-@[-`{-~])/g, "$1");
  // Shown as it was written: who reads it sees where it would have led.
  if (safe(address) === null) return { node: text.slice(at, found.end), end: found.end };
  return { node: link(address, ...inline(found.words, depth + 1)), end: found.end };
}

function picture(text, at) {
  const found = target(text, at + 1);
  return found && { node: el("span", { class: "picture" }, `[picture: ${found.words}]`), end: found.end };
}

function bare(text, at) {
  const found = matched(BARE, text, at);
  if (!found) return null;
  let words = found[0].replace(/[?!.,:*_~'"]+$/, "");
  while (words.endsWith(")") && words.split(")").length > words.split("(").length) {
    words = words.slice(0, -1);
  }
  const address = /^www/i.test(words) ? `http://${words}` : words;
  return safe(address) && { node: link(address, words), end: at + words.length };
}
