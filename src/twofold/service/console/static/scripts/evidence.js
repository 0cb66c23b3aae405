// What each modality says, and both together: bars on one axis, with the threshold marked.

import { h, icon } from "./dom.js";
import { notice } from "./parts.js";
import { named, number, rate, t } from "./words.js";

// Decades of the likelihood ratio at which words change: the verbal scale of forensic reports.
const STEPS = [[6, "extreme"], [4, "very_strong"], [3, "strong"], [2, "fair"], [1, "moderate"], [0.3, "slight"]];

/** A likelihood ratio in words. */
function strength(llr) {
  const decades = Math.abs(llr) / Math.LN10;
  const step = STEPS.find(([least]) => decades >= least)?.[1];
  if (!step) return t("evidence.neither");
  return t(llr > 0 ? "evidence.for" : "evidence.against", { strength: t(`strength.${step}`) });
}

/** Evidence of a comparison; null where the key may not see it. */
export function evidence(told) {
  if (!told || typeof told.llr !== "number") return null;
  const parts = told.modalities ?? [];
  const values = [told.llr, told.threshold ?? 0, ...parts.map((one) => one.llr)];
  const bound = typeof told.threshold === "number" ? t("evidence.threshold", { value: number(told.threshold, 1) }) : null;
  const reach = 1.1 * Math.max(5, ...values.map(Math.abs));
  const about = (one) => [strength(one.llr), quality(one)].filter(Boolean);
  const bar = (name, llr, said, threshold) => weight(name, llr, reach, said.filter(Boolean).join(" · "), threshold);
  // One modality alone is the decision: one bar says it all.
  const bars =
    parts.length === 1
      ? [bar(named("modality", parts[0].modality), told.llr, [...about(parts[0]), bound], told.threshold)]
      : [...parts.map((one) => bar(named("modality", one.modality), one.llr, about(one))), bar(t("evidence.both"), told.llr, [strength(told.llr), bound], told.threshold)];
  return h(
    "div",
    { class: "evidence" },
    h("div", { class: "ends", "aria-hidden": "true" }, h("span", {}, `← ${t("evidence.different")}`), h("span", {}, `${t("evidence.same")} →`)),
    bars,
    told.contradiction && notice("warn", t("evidence.contradiction"), t("evidence.contradiction.about")),
    h("details", {}, h("summary", {}, t("evidence.words")), told.words && h("p", { class: "small", lang: "en" }, told.words), h("p", { class: "small muted", lang: "en" }, told.threshold_source)),
  );
}

/** How to read the bars. */
export const reading = () => h("p", { class: "small muted" }, t("evidence.reading"));

function quality(one) {
  const parts = [];
  if (typeof one.quality === "number") parts.push(t("evidence.quality", { n: number(one.quality) }));
  if (one.light) parts.push(named("light", one.light));
  return parts.join(" · ");
}

function weight(label, llr, reach, said, threshold) {
  const at = (value) => 50 + (50 * Math.max(-reach, Math.min(reach, value))) / reach;
  const bar = h("span", { class: llr < 0 ? "bar against" : "bar" });
  bar.style.left = `${Math.min(50, at(llr))}%`;
  bar.style.width = `${Math.max(0.5, Math.abs(at(llr) - 50))}%`;
  const axis = h("div", { class: "axis", "aria-hidden": "true" }, bar);
  if (typeof threshold === "number") {
    const mark = h("span", { class: "mark" });
    mark.style.left = `${at(threshold)}%`;
    axis.append(mark);
  }
  return h("div", { class: "weight" }, h("span", { class: "label" }, label), axis, h("span", { class: "value" }, number(llr, 1)), h("span", { class: "said" }, said));
}

/** The answer, large: kind good, bad or plain. */
export function verdict(kind, drawing, words, about) {
  return h("div", { class: `verdict ${kind}` }, h("span", { class: "badge" }, icon(drawing)), h("div", {}, h("p", {}, words), about && h("p", { class: "muted" }, about)));
}

/** "face and iris", in words. */
export const modalities = (names) => new Intl.ListFormat(document.documentElement.lang, { type: "conjunction" }).format(names.map((one) => named("within", one)));

/** At which rate something was decided. */
export const decidedAt = (fmr) => t("verify.at", { rate: rate(fmr) });
