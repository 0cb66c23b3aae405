// Enrol a subject.

import { call, can, intent } from "../api.js";
import { fill, h } from "../dom.js";
import { alert, button, card, check, field, form, head, notice, problem, subjectHash, subjectLink, told } from "../parts.js";
import { Pictures } from "../pictures.js";
import { named, t } from "../words.js";

export async function show(root, { signal }) {
  const name = h("input", { required: true, maxlength: 255, autocomplete: "off", spellcheck: "false" });
  const consent = h("textarea", { maxlength: 4096 });
  const expires = h("input", { type: "date", min: new Date().toISOString().slice(0, 10) });
  const partial = h("input", { type: "checkbox" });
  const place = told();
  const go = h("button", { class: "primary" }, t("enrol.go"));
  let unanswered = null; // the intent of a request whose answer was lost: to be repeated, not doubled
  const changed = () => { unanswered = null; };
  const pictures = new Pictures({ purpose: "enrol", signal, changed });

  const send = async (duplicates) => {
    if (!pictures.count) {
      fill(place, alert("warn", t("pictures.none")));
      return;
    }
    const body = pictures.form();
    body.append("subject", name.value.trim());
    if (consent.value.trim()) body.append("consent", consent.value.trim());
    if (expires.value) body.append("expires", expires.value);
    if (partial.checked) body.append("partial", "true");
    if (duplicates) body.append("duplicates", duplicates);
    unanswered ??= intent();
    let done;
    try {
      done = await call("POST", ["subjects"], { form: body, headers: { "Idempotency-Key": unanswered }, signal });
      unanswered = null;
    } catch (error) {
      if (error.status) unanswered = null;
      if (error.code === "quality") pictures.refuse(error.details.pictures);
      if (error.code !== "duplicate") throw error;
      fill(place, duplicate(error, send));
      return;
    }
    fill(place, enrolled(done));
    pictures.clear();
    for (const one of [name, consent, expires]) one.value = "";
    place.querySelector("a")?.focus();
  };

  fill(
    root,
    head(t("enrol.title"), t("enrol.lead")),
    form(
      place,
      go,
      () => send(null),
      card(t("enrol.person"), {}, h("div", { class: "fields" }, field(t("subject.name"), name, { hint: t("enrol.name.hint") }), field(t("subject.expires"), expires, { hint: t("enrol.expires.hint"), optional: true })), field(t("subject.consent"), consent, { hint: t("enrol.consent.hint"), optional: true })),
      card(t("pictures.title"), { lead: t("enrol.pictures.lead") }, pictures.element),
      check(t("enrol.partial"), partial, t("enrol.partial.hint")),
      h("div", { class: "actions" }, go),
      place,
    ),
  );
  root.querySelector("form").addEventListener("input", changed);
}

/** Whom a new person resembles; who may, enrols them anyway. */
function duplicate(error, send) {
  const names = error.details.subjects ?? [];
  const anyway = can("admin") && button(t("enrol.anyway"), () => send("warn").catch((again) => fill(box, problem(again))), { class: "danger" });
  const box = alert(
    "warn",
    t("enrol.duplicate"),
    t("enrol.duplicate.about"),
    h("ul", { class: "stack-small" }, names.map((one) => h("li", {}, subjectLink(one)))),
    anyway ? h("div", { class: "actions" }, anyway) : t("enrol.duplicate.admin"),
  );
  return box;
}

/** What became of an enrolment, with what a person should know. */
export function enrolled({ subject, duplicates, failures: left, notes }, words = t("enrol.done", { name: subject.subject })) {
  return [
    notice("good", words, h("p", {}, h("a", { href: subjectHash(subject.subject) }, t("enrol.open")))),
    duplicates.length ? notice("warn", t("enrol.resembles"), h("ul", { class: "stack-small" }, duplicates.map((one) => h("li", {}, subjectLink(one.subject))))) : null,
    left.length ? notice("plain", t("enrol.left"), h("ul", { class: "small" }, left.map((one) => h("li", {}, `${named("field", one.field)} ${one.number + 1}: ${named("code", one.code, one.advice)}`)))) : null,
    notes.length ? notice("plain", t("enrol.notes"), h("ul", { class: "small", lang: "en" }, notes.map((one) => h("li", {}, one)))) : null,
  ];
}
