// How the service is: refreshed while somebody looks.

import { call, can } from "../api.js";
import { fill, h } from "../dom.js";
import { facts, head, problem, tag, time } from "../parts.js";
import { clock, named, number, percent, t } from "../words.js";

const EVERY = 10_000;
// Requests keep a session alive, so nobody's absence may go unnoticed for the sake of fresh figures.
const ABSENT = 600_000;

export async function show(root, { signal }) {
  const body = h("div", { class: "stack" });
  const fresh = h("p", { class: "muted small" });
  fill(root, head(t("dashboard.title"), t("dashboard.lead"), fresh), body);
  let seen = Date.now();
  for (const kind of ["pointermove", "keydown", "focus"]) window.addEventListener(kind, () => { seen = Date.now(); }, { signal, passive: true });

  const refresh = async () => {
    if (document.visibilityState !== "visible") return;
    if (Date.now() - seen > ABSENT) {
      fill(fresh, t("dashboard.paused"));
      return;
    }
    try {
      const [health, summary] = await Promise.all([ready(signal), can("enrol", "audit") ? call("GET", ["summary"], { signal }) : null]);
      const held = body.contains(document.activeElement);
      fill(body, tiles(health, summary));
      if (held) body.querySelector("a")?.focus();
    } catch (error) {
      if (error.name === "AbortError") return;
      fill(body, problem(error));
    }
    fill(fresh, t("dashboard.fresh", { time: clock(new Date()) }));
  };
  const ticking = setInterval(refresh, EVERY);
  signal.addEventListener("abort", () => clearInterval(ticking));
  document.addEventListener("visibilitychange", refresh, { signal });
  await refresh();
}

async function ready(signal) {
  try {
    await call("GET", ["health", "ready"], { signal });
    return true;
  } catch (error) {
    if (error.status === 503) return false;
    throw error;
  }
}

function tiles(health, summary) {
  const state = tile(t("dashboard.health"), health ? tag("good", t("dashboard.ready")) : tag("bad", t("dashboard.notready")), h("p", { class: "muted small" }, t(health ? "dashboard.ready.about" : "dashboard.notready.about")));
  if (!summary) return [h("div", { class: "tiles" }, state), h("p", { class: "muted" }, t("dashboard.scope"))];
  return [
    h("div", { class: "tiles" }, state, tile(t("dashboard.subjects"), figure(number(summary.subjects)), can("enrol") && h("p", { class: "small" }, h("a", { href: "#/subjects" }, t("dashboard.subjects.open")))), budget(summary)),
    h("div", { class: "columns" }, decisions(summary.decisions), refusals(summary.refusals)),
    h(
      "section",
      { class: "card" },
      h("h2", {}, t("dashboard.process")),
      facts([
        [t("dashboard.since"), time(summary.since)],
        [t("dashboard.requests"), number(summary.requests)],
        [t("dashboard.errors"), number(summary.errors)],
        [t("dashboard.workers"), number(summary.workers)],
        [t("dashboard.queue"), number(summary.queue)],
      ]),
    ),
  ];
}

const tile = (title, ...children) => h("section", { class: "card tile" }, h("h2", {}, title), children);

const figure = (words) => h("p", { class: "figure" }, words);

function budget({ error_budget: { objective, left }, requests, errors }) {
  const share = Math.max(0, Math.min(1, left));
  const kind = left <= 0 ? "fill-bad" : left < 0.25 ? "fill-warn" : "fill-good";
  return tile(t("dashboard.budget"), figure(percent(share)), bar([[kind, share]]), h("p", { class: "muted small" }, t("dashboard.budget.about", { objective: percent(objective, 3), errors: number(errors), requests: number(requests) })));
}

function bar(parts) {
  return h("div", { class: "share", "aria-hidden": "true" }, parts.map(([style, share]) => {
    const part = h("span", { class: style });
    part.style.flexBasis = `${100 * share}%`;
    return part;
  }));
}

function decisions(counts) {
  const kinds = [["match", "fill-good"], ["no_match", "fill-bad"], ["nobody", ""]].map(([name, style]) => [name, style, counts[name] ?? 0]);
  const all = kinds.reduce((sum, [, , n]) => sum + n, 0);
  return h(
    "section",
    { class: "card" },
    h("h2", {}, t("dashboard.decisions")),
    figure(number(all)),
    bar(kinds.map(([, style, n]) => [style, all ? n / all : 0])),
    h("ul", { class: "legend" }, kinds.map(([name, style, n]) => h("li", {}, h("span", { class: `dot ${style}`, "aria-hidden": "true" }), `${named("decision", name)} ${number(n)}`))),
  );
}

function refusals(counts) {
  const rows = Object.entries(counts).filter(([, n]) => n > 0).sort(([, one], [, other]) => other - one);
  const all = rows.reduce((sum, [, n]) => sum + n, 0);
  return h(
    "section",
    { class: "card" },
    h("h2", {}, t("dashboard.refusals")),
    figure(number(all)),
    rows.length
      ? h("ul", { class: "stack-small small" }, rows.slice(0, 6).map(([code, n]) => h("li", { class: "picture-line" }, h("span", {}, named("refusal", code)), h("span", { class: "number" }, number(n)))))
      : h("p", { class: "muted small" }, t("dashboard.refusals.none")),
  );
}
