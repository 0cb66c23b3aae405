// The audit: what was done, newest first, and whether anything was altered.

import { call } from "../api.js";
import { fill, h } from "../dom.js";
import { button, empty, facts, field, head, notice, problem, select, table, tag, time, told } from "../parts.js";
import { count, named, number, t } from "../words.js";
import { pages } from "./paging.js";

const ACTIONS = ["create", "enrol", "update", "verify", "identify", "erase", "withdraw", "expire", "unlock", "policy", "api key", "key", "import", "export", "snapshot", "transform"];

export async function show(root, { signal }) {
  const place = told();
  const body = h("div", { class: "stack" });
  const choose = select([["", t("audit.all")], ...ACTIONS.map((one) => [one, named("action", one)])], "", { change: () => list() });
  const load = (after) => call("GET", ["audit"], { query: { after, limit: 50, latest: true, action: choose.value }, signal })
    .then(({ events, next }) => ({ next, element: rows(events), about: null }));
  const list = () => pages(body, load, problem);
  const verify = async () => {
    try {
      fill(place, report(await call("POST", ["audit", "verify"], { signal })));
    } catch (error) {
      if (error.name === "AbortError") throw error;
      fill(place, problem(error));
    }
  };
  fill(root, head(t("audit.title"), t("audit.lead"), button(t("audit.verify"), verify)), place, h("div", { class: "inline" }, field(t("audit.action"), choose)), body);
  await list();
}

function rows(events) {
  if (!events.length) return empty(t("audit.none"));
  const columns = [[t("audit.number")], [t("audit.at")], [t("audit.action")], [t("audit.subject")], [t("audit.outcome")], [t("audit.actor")], [t("audit.details")]];
  return table(t("audit.title"), columns, events.map((one) => [
    h("span", { class: "number" }, number(one.number)),
    time(one.at),
    named("action", one.action),
    one.subject === null ? "–" : h("span", { class: "number" }, `#${number(one.subject)}`),
    tag(kind(one.outcome), named("outcome", one.outcome)),
    one.actor,
    details(one),
  ]));
}

const KINDS = { match: "good", "no match": "bad", revoked: "warn", destroyed: "warn" };

const kind = (outcome) => (outcome.startsWith("refused") ? "warn" : KINDS[outcome] ?? "");

function details({ details: values, policy, band }) {
  const pairs = Object.entries({ ...policy, ...values, ...(band ? { band: named("band", band) } : {}) });
  if (!pairs.length) return "–";
  return h("details", {}, h("summary", {}, count("details", pairs.length)), h("ul", { class: "small" }, pairs.map(([name, value]) => h("li", {}, h("span", { class: "muted" }, `${name} `), typeof value === "object" ? JSON.stringify(value) : String(value)))));
}

function report(found) {
  const digest = h("code", {}, found.head.digest);
  const end = facts([[t("audit.events"), number(found.head.events)], [t("audit.digest"), digest]]);
  return found.ok
    ? notice("good", t("audit.ok", { n: number(found.events) }), h("div", { class: "plain" }, end), t("audit.keep"))
    : notice("bad", t("audit.bad"), h("ul", { class: "plain small", lang: "en" }, found.problems.map((one) => h("li", {}, one))), h("div", { class: "plain" }, end));
}
