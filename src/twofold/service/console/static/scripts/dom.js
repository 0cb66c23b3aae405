// Elements are made here and nowhere else: text stays text, so nothing that a user or the service
// says can become markup.

const SVG = "http://www.w3.org/2000/svg";
let last = 0;

/** An element. A function among the attributes listens to the event of that name. */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  return fill(element, ...children);
}

/** Put children into an element in place of those it has; null, undefined and false are left out. */
export function fill(element, ...children) {
  const kept = children.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false);
  element.replaceChildren(...kept);
  return element;
}

/** A name for an element, once on the page. */
export function unique(stem = "e") {
  last += 1;
  return `${stem}-${last}`;
}

const PATHS = {
  dashboard: "M4 4h7v8H4zM13 4h7v5h-7zM13 12h7v8h-7zM4 15h7v5H4z",
  enrol: "M10 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM3 20c.6-3.6 3.3-5.5 7-5.5 1.3 0 2.5.2 3.5.7M18 14v6M15 17h6",
  verify: "M12 3l7.5 3v5.5c0 4.5-3 7.8-7.5 9.5-4.5-1.7-7.5-5-7.5-9.5V6zM8.5 12l2.5 2.5 4.5-5",
  identify: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l4.5 4.5",
  subjects: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c.5-3.7 3-5.6 6.5-5.6s6 1.9 6.5 5.6M16 4.5a3.3 3.3 0 0 1 0 6.2M18.5 15c1.7.9 2.7 2.6 3 5",
  reports: "M6 3h8l4 4v14H6zM14 3v4h4M9 17v-3M12 17v-6M15 17v-4",
  audit: "M5 4h14v16H5zM8.5 8.5h7M8.5 12h7M8.5 15.5h4",
  keys: "M8 16.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM12.5 12H21v3.5M17 12v2.5",
  policies: "M4 7h9M17 7h3M4 17h3M11 17h9M15 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM9 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  face: "M12 21c4.2 0 6.5-4 6.5-9.5C18.5 6.5 16 3 12 3s-6.5 3.5-6.5 8.5C5.5 17 7.8 21 12 21zM9.3 10.5v.6M14.7 10.5v.6M9.5 16c1.6 1 3.4 1 5 0",
  eye: "M2.5 12c2.6-4.4 5.8-6.5 9.5-6.5s6.9 2.1 9.5 6.5c-2.6 4.4-5.8 6.5-9.5 6.5S5.1 16.4 2.5 12zM12 15.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z",
  good: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8 12.3l2.8 2.7L16 9.5",
  bad: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9 9l6 6M15 9l-6 6",
  warn: "M12 3.5L21.5 20h-19zM12 10v4.5M12 17.3v.2",
  plain: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5.5M12 7.5v.2",
  menu: "M4 7h16M4 12h16M4 17h16",
  camera: "M4 8h3.5L9 5.5h6L16.5 8H20v11H4zM12 16.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z",
  file: "M12 15V4M8 8l4-4 4 4M4.5 15v5h15v-5",
  check: "M5 12.5l4.5 4.5L19 7.5",
  cross: "M6 6l12 12M18 6L6 18",
  nobody: "M10 11.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM3 20c.6-3.7 3.3-5.6 7-5.6M16 15l5 5M21 15l-5 5",
};

/** A small drawing beside words; never the only way something is told. */
export function icon(name) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("class", "icon");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  const look = { d: PATHS[name], fill: "none", stroke: "currentColor", "stroke-width": "1.7", "stroke-linecap": "round", "stroke-linejoin": "round" };
  for (const [key, value] of Object.entries(look)) path.setAttribute(key, value);
  drawing.append(path);
  return drawing;
}
