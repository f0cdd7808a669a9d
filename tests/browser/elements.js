// Elements made by hand. Text goes in as text nodes only: whatever a service or a record says, it
// never becomes markup.

export function el(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...shown(children));
  return made;
}

// What is there of some children: `condition && element` is false where the condition does not hold.
export function shown(children) {
  return children.flat(Infinity).filter((child) => ![null, undefined, false].includes(child));
}

// An address that may become a link: absolute, http or https, nothing else.
export function safe(address) {
  try {
    const url = new URL(address);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}

// A link where the address is safe, the words alone where it is not.
export function link(address, ...words) {
  const href = safe(address);
  if (href === null) return el("span", {}, ...words);
  return el("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...words);
}
