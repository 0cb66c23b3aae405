// Is this the person they say they are?

import { call } from "../api.js";
import { fill, h } from "../dom.js";
import { decidedAt, evidence, modalities, reading, verdict } from "../evidence.js";
import { alert, card, failures, field, form, head, told } from "../parts.js";
import { Pictures } from "../pictures.js";
import { t } from "../words.js";

export async function show(root, { signal, argument }) {
  const name = h("input", { required: true, maxlength: 255, autocomplete: "off", spellcheck: "false", value: argument ?? "" });
  const place = told();
  const go = h("button", { class: "primary" }, t("verify.go"));
  const pictures = new Pictures({ purpose: "probe", signal, changed: () => fill(place) });

  const send = async () => {
    if (!pictures.count) {
      fill(place, alert("warn", t("pictures.none")));
      return;
    }
    const body = pictures.form();
    body.append("subject", name.value.trim());
    try {
      fill(place, answer(await call("POST", ["verify"], { form: body, signal })));
      place.scrollIntoView({ block: "nearest" });
    } catch (error) {
      if (error.code === "quality") pictures.refuse(error.details.pictures);
      throw error;
    }
  };
  name.addEventListener("input", () => fill(place));
  fill(
    root,
    head(t("verify.title"), t("verify.lead")),
    form(place, go, send, card(t("verify.claim"), {}, h("div", { class: "inline" }, field(t("subject.name"), name, { hint: t("verify.name.hint") }))), card(t("pictures.title"), { lead: t("verify.pictures.lead") }, pictures.element), h("div", { class: "actions" }, go), place),
  );
}

function answer(found) {
  const about = [t("verify.by", { modalities: modalities(found.modalities) }), decidedAt(found.fmr)].join(" ");
  return card(
    t("answer"),
    {},
    found.match ? verdict("good", "check", t("verify.match", { name: found.subject }), about) : verdict("bad", "cross", t("verify.nomatch", { name: found.subject }), about),
    evidence(found.evidence),
    found.evidence && reading(),
    failures(found.failures),
  );
}
