// Who is this, if anybody who is enrolled?

import { call, can } from "../api.js";
import { fill, h } from "../dom.js";
import { evidence, reading, verdict } from "../evidence.js";
import { alert, card, failures, field, form, head, select, subjectLink, tag, told } from "../parts.js";
import { Pictures } from "../pictures.js";
import { number, rate, t } from "../words.js";

export async function show(root, { signal }) {
  const place = told();
  const go = h("button", { class: "primary" }, t("identify.go"));
  const most = select(["1", "5", "10", "20", "50"].map((n) => [n, number(Number(n))]), "5");
  const beside = can("scores") && field(t("identify.most"), most, { hint: t("identify.most.hint") });
  const pictures = new Pictures({ purpose: "probe", signal, changed: () => fill(place), beside });

  const send = async () => {
    if (!pictures.count) {
      fill(place, alert("warn", t("pictures.none")));
      return;
    }
    const body = pictures.form();
    body.append("top_k", most.value);
    try {
      fill(place, answer(await call("POST", ["identify"], { form: body, signal })));
      place.scrollIntoView({ block: "nearest" });
    } catch (error) {
      if (error.code === "quality") pictures.refuse(error.details.pictures);
      throw error;
    }
  };
  fill(
    root,
    head(t("identify.title"), t("identify.lead")),
    form(
      place,
      go,
      send,
      card(t("pictures.title"), { lead: t("verify.pictures.lead") }, pictures.element),
      h("div", { class: "actions" }, go),
      place,
    ),
  );
}

function answer(found) {
  const about = t("identify.among", { n: number(found.references), rate: rate(found.fpir) });
  return card(
    t("answer"),
    {},
    found.nobody ? verdict("plain", "nobody", t("identify.nobody"), about) : verdict("good", "check", t("identify.found", { name: found.best }), about),
    failures(found.failures),
    found.candidates.length ? candidates(found) : null,
  );
}

function candidates({ candidates: list }) {
  return h(
    "div",
    { class: "stack" },
    h("h3", {}, t("identify.candidates")),
    h("ol", { class: "stack" }, list.map((one) => h("li", { class: "stack-small" }, h("div", { class: "card-head" }, h("strong", {}, can("enrol") ? subjectLink(one.subject) : one.subject), one.match ? tag("good", t("decision.match")) : tag("", t("decision.no_match"))), evidence(one.evidence)))),
    list.some((one) => one.evidence) && reading(),
  );
}
