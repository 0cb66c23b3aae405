// Everybody who is enrolled, a page at a time.

import { call, can } from "../api.js";
import { fill, h } from "../dom.js";
import { card, date, empty, field, head, problem, subjectHash, subjectLink, table, tag } from "../parts.js";
import { count, number, t } from "../words.js";
import { pages } from "./paging.js";

export async function show(root, { signal }) {
  const name = h("input", { required: true, maxlength: 255, autocomplete: "off", spellcheck: "false" });
  const open = h("form", { class: "inline", submit: (event) => { event.preventDefault(); location.hash = subjectHash(name.value.trim()); } }, field(t("subjects.open"), name), h("button", { type: "submit" }, t("subjects.open.go")));
  const body = h("div", { class: "stack" });
  const load = async (after) => {
    const found = await call("GET", ["subjects"], { query: { after, limit: 50 }, signal });
    return { next: found.next, element: list(found), about: count("subjects", found.total) };
  };
  fill(root, head(t("subjects.title"), t("subjects.lead"), can("enrol") && h("a", { class: "button", href: "#/enrol" }, t("menu.enrol"))), card(t("subjects.find"), {}, open), body);
  await pages(body, load, problem);
}

function list({ subjects }) {
  if (!subjects.length) return empty(t("subjects.none"), h("p", {}, h("a", { href: "#/enrol" }, t("subjects.first"))));
  const columns = [[t("subject.name")], [t("subject.references"), "right"], [t("subject.samples")], [t("subject.enrolled")], [t("subject.expires")]];
  return table(t("subjects.title"), columns, subjects.map((one) => [
    subjectLink(one.subject),
    h("span", { class: "number" }, number(one.references)),
    samples(one),
    date(one.enrolled),
    one.expires ? [date(one.expires), " ", expired(one) && tag("warn", t("state.expired"))] : h("span", { class: "muted" }, t("never")),
  ]));
}

/** "1 face, 2 irises" */
export const samples = (one) => [one.faces && count("faces", one.faces), one.irises && count("irises", one.irises)].filter(Boolean).join(", ") || "–";

const expired = (one) => one.expires && new Date(one.expires) < new Date();

/** Whether a subject can be verified now, as a tag. */
export function state(one) {
  if (expired(one)) return tag("warn", t("state.expired"));
  if (one.locked?.disabled) return tag("bad", t("state.disabled"));
  if (one.locked?.until && new Date(one.locked.until) > new Date()) return tag("warn", t("state.locked"));
  return tag("good", t("state.active"));
}
