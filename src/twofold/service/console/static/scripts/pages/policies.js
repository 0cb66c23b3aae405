// How decisions are made, for the whole gallery.

import { call } from "../api.js";
import { fill, h } from "../dom.js";
import { card, facts, field, form, head, notice, select, told } from "../parts.js";
import { duration, named, number, rate, t } from "../words.js";

const RATES = { fmr: [1e-2, 1e-3, 1e-4, 1e-5, 1e-6], fpir: [1e-1, 3e-2, 1e-2, 3e-3, 1e-3], duplicates_fpir: [1e-1, 3e-2, 1e-2, 3e-3, 1e-3] };

export async function show(root, { signal }) {
  const place = told();
  const body = h("div", { class: "stack" });
  fill(root, head(t("policies.title"), t("policies.lead")), body);
  const draw = (policies) => {
    const controls = {
      fmr: rates("fmr", policies),
      contradiction: choices("contradiction", ["refuse", "flag"], policies),
      fpir: rates("fpir", policies),
      duplicates: choices("duplicates", ["refuse", "warn", "allow"], policies),
      duplicates_fpir: rates("duplicates_fpir", policies),
    };
    const go = h("button", { class: "primary" }, t("save"));
    const save = async () => {
      const changes = {};
      for (const [name, control] of Object.entries(controls)) {
        const value = name in RATES ? Number(control.value) : control.value;
        if (value !== policies[name]) changes[name] = value;
      }
      if (!Object.keys(changes).length) {
        fill(place, notice("plain", t("unchanged")));
        return;
      }
      draw(await call("PATCH", ["policies"], { json: changes, signal }));
      fill(place, notice("good", t("saved")));
    };
    const of = (name) => field(t(`policy.${name}`), controls[name], { hint: t(`policy.${name}.hint`) });
    fill(
      body,
      form(
        place,
        go,
        save,
        card(t("policies.verify"), {}, h("div", { class: "fields" }, of("fmr"), of("contradiction"))),
        card(t("policies.identify"), {}, h("div", { class: "fields" }, of("fpir"))),
        card(t("policies.duplicates"), {}, h("div", { class: "fields" }, of("duplicates"), of("duplicates_fpir"))),
        place,
        h("div", { class: "actions" }, go),
      ),
      card(t("policies.fixed"), { lead: t("policies.fixed.lead") }, facts([[t("policy.revocable"), named("revocable", String(policies.revocable))], ...fixed("lockout", policies.lockout), ...fixed("limits", policies.limits)])),
    );
  };
  draw(await call("GET", ["policies"], { signal }));
}

function rates(name, policies) {
  const values = [...new Set([...RATES[name], policies[name]])].sort((one, other) => other - one);
  return select(values.map((value) => [String(value), rate(value)]), String(policies[name]));
}

const choices = (name, values, policies) => select(values.map((value) => [value, t(`policy.${name}.${value}`)]), policies[name]);

const fixed = (family, values) => Object.entries(values).map(([name, value]) => [named(family, name, name.replaceAll("_", " ")), measured(name, value)]);

function measured(name, value) {
  if (name.endsWith("_bytes")) return t("mebibytes", { n: number(value / 2 ** 20) });
  if (name.endsWith("_seconds")) return duration(value);
  return number(value);
}
