// Elements. Every text from outside becomes a text node: markup in a message is text.

/** An element with a class and children; a child that is a string becomes text, and an empty one nothing. */
export function el(tag, class_name, ...children) {
  const node = document.createElement(tag);
  if (class_name) node.className = class_name;
  for (const child of children) {
    if (child) node.append(child);
  }
  return node;
}

/** One of the symbols that page.html holds. */
export function icon(name, class_name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#${name}`);
  svg.setAttribute("class", class_name);
  svg.append(use);
  return svg;
}

function initials(name) {
  const words = name.trim().split(/\s+/);
  const ends = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return ends
    .map((word) => [...word][0] ?? "")
    .join("")
    .toUpperCase();
}

/** Initials on a colour; the same colour for the same key. */
export function paint(avatar, key, name) {
  let hue = 0;
  for (const char of key) hue = (hue * 31 + char.codePointAt(0)) % 360;
  avatar.style.setProperty("--hue", String(hue));
  avatar.textContent = initials(name);
}
