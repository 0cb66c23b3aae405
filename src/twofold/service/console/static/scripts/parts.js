// Parts that pages are made of.

import { fill, h, icon, unique } from "./dom.js";
import { count, day, duration, moment, named, t } from "./words.js";

/** The head of a page: its one h1, which takes the focus when the page is opened. */
export function head(title, lead, ...actions) {
  document.title = `${title} · Twofold`;
  return h(
    "header",
    { class: "head" },
    h("div", {}, h("h1", { tabindex: "-1" }, title), lead && h("p", {}, lead)),
    actions.length ? h("div", { class: "actions" }, actions) : null,
  );
}

/** A card with a heading; `aside` stands across from it. */
export function card(title, { lead, aside } = {}, ...children) {
  const id = unique("h");
  return h(
    "section",
    { class: "card", "aria-labelledby": id },
    h("div", { class: "card-head" }, h("div", {}, h("h2", { id }, title), lead && h("p", { class: "muted small" }, lead)), aside),
    children,
  );
}

/** A control with its label, and a hint that is read with it. */
export function field(label, control, { hint, optional = false } = {}) {
  control.id ||= unique("f");
  const about = hint ? unique("hint") : null;
  if (about) control.setAttribute("aria-describedby", about);
  return h(
    "div",
    { class: "field" },
    h("label", { for: control.id }, label, optional && h("span", { class: "optional" }, ` ${t("optional")}`)),
    control,
    hint && h("p", { class: "hint", id: about }, hint),
  );
}

export function check(label, control, hint) {
  control.id ||= unique("f");
  const about = hint ? unique("hint") : null;
  if (about) control.setAttribute("aria-describedby", about);
  return h("div", { class: "check" }, control, h("label", { for: control.id }, label), hint && h("p", { class: "hint", id: about }, hint));
}

/** A select; choices are pairs of value and words. */
export function select(choices, chosen, attributes = {}) {
  return h("select", attributes, choices.map(([value, words]) => h("option", { value, selected: value === chosen }, words)));
}

/** Facts: pairs of name and value. */
export function facts(pairs) {
  return h("dl", { class: "facts" }, pairs.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

/**
 * A table. Columns are pairs of heading and class; rows are lists of cells. The roles keep it a table
 * for those who listen where the style sheet stacks its cells.
 */
export function table(caption, columns, rows) {
  return h(
    "table",
    { role: "table" },
    h("caption", { class: "unseen" }, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, columns.map(([name, style]) => h("th", { scope: "col", role: "columnheader", class: style }, name || h("span", { class: "unseen" }, t("table.actions")))))),
    h("tbody", { role: "rowgroup" }, rows.map((cells) => h("tr", { role: "row" }, cells.map((cell, at) => h("td", { role: "cell", class: columns[at][1], "data-label": columns[at][0] }, h("div", {}, cell)))))),
  );
}

/** A link to a subject's page; names stand in the hash only, which no server is sent. */
export const subjectLink = (name) => h("a", { href: subjectHash(name) }, name);

/** The hash of a subject's page. */
export const subjectHash = (name) => `#/subjects/${encodeURIComponent(name)}`;

export const tag = (kind, words) => h("span", { class: `tag ${kind}` }, words);

export const time = (iso) => h("time", { datetime: iso, class: "number" }, moment(iso));

export const date = (iso) => h("time", { datetime: iso, class: "number" }, day(iso));

export const empty = (words, ...more) => h("div", { class: "empty" }, h("p", {}, words), more);

/** Something told, of a kind: good, warn, bad or plain. */
export function notice(kind, title, ...body) {
  const lines = body.map((one) => (typeof one === "string" ? h("p", { class: "plain" }, one) : one));
  return h("div", { class: `notice ${kind}` }, icon(kind), h("div", { class: "stack-tight" }, h("p", {}, h("strong", {}, title)), lines));
}

/** A notice that is read out at once. */
export function alert(kind, ...words) {
  const box = notice(kind, ...words);
  box.setAttribute("role", "alert");
  return box;
}

/** A place where results appear and are read out. */
export const told = () => h("div", { class: "told", "aria-live": "polite" });

// Codes whose sentence cannot name the field: the service's own words stand below it.
const GENERAL = new Set(["invalid", "bad_request", "option", "model", "image", "mixed", "contract", "tampered"]);

/** An error in words: by its code where that is known, else as the service says it. */
export function problem(error) {
  if (!(error.code && "status" in error)) throw error; // a fault of the console's own
  const sentence = named("error", error.code, error.message || t("error.unknown", { status: error.status }));
  const also = GENERAL.has(error.code) && error.message ? h("p", { class: "plain small", lang: "en" }, error.message) : null;
  return alert(error.status === 429 || error.status === 503 ? "warn" : "bad", sentence, also, error.wait ? wait(error.wait) : null);
}

/** Seconds to wait, counted down; a timer is not read out at each second. */
function wait(seconds) {
  const line = h("p", { class: "plain", role: "timer" }, t("wait", { time: duration(seconds) }));
  const end = Date.now() + 1000 * seconds;
  const ticking = setInterval(() => {
    const left = Math.ceil((end - Date.now()) / 1000);
    if (!line.isConnected || left <= 0) clearInterval(ticking);
    fill(line, left > 0 ? t("wait", { time: duration(left) }) : t("wait.over"));
  }, 1000);
  return line;
}

/** A button that does something that takes time; it stays focused, and is deaf, meanwhile. */
export function button(words, work, attributes = {}) {
  const made = h("button", { type: "button", ...attributes }, words);
  made.addEventListener("click", () => during(made, work));
  return made;
}

/** Do `work` with the button marked as busy; does nothing where it is busy. */
async function during(pressed, work) {
  if (pressed.getAttribute("aria-disabled") === "true") return;
  pressed.setAttribute("aria-disabled", "true");
  try {
    await work();
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  } finally {
    pressed.removeAttribute("aria-disabled");
  }
}

/** A form; its button is busy while `work` goes on, and what goes wrong is told in `place`. */
export function form(place, pressed, work, ...children) {
  pressed.type = "submit";
  const submit = (event) => {
    event.preventDefault();
    return during(pressed, async () => {
      fill(place);
      try {
        await work();
      } catch (error) {
        if (error.name === "AbortError") throw error;
        fill(place, problem(error));
      }
    });
  };
  return h("form", { class: "stack", submit, autocomplete: "off" }, children);
}

/** Lines for pictures that yielded nothing. */
export function failures(list) {
  if (!list?.length) return null;
  return h(
    "div",
    { class: "stack-small" },
    h("h3", {}, count("failures", list.length)),
    h("ul", { class: "stack-small small" }, list.map((one) => h("li", {}, typeof one === "string" ? one : `${named("field", one.field ?? one.modality)}: ${named("code", one.code, one.advice ?? one.message)}`))),
  );
}
