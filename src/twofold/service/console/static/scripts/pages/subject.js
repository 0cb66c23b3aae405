// One subject: references, consent, expiry, lockout, erasure.

import { call, can } from "../api.js";
import { confirm } from "../dialogs.js";
import { fill, h } from "../dom.js";
import { alert, button, card, check, date, empty, facts, field, form, head, notice, problem, table, tag, time, told } from "../parts.js";
import { Pictures } from "../pictures.js";
import { count, named, number, t } from "../words.js";
import { enrolled } from "./enrol.js";
import { samples, state } from "./subjects.js";

export async function show(root, { signal, argument: name }) {
  const said = told();
  const body = h("div", { class: "stack" });
  const reload = async (...words) => {
    const [subject, { references }] = await Promise.all([call("GET", ["subjects", name], { signal }), call("GET", ["subjects", name, "references"], { signal })]);
    const held = root.contains(document.activeElement);
    fill(said, words);
    const tools = { name, signal, reload, fail: (error) => fill(said, problem(error)), said };
    fill(
      body,
      lockout(subject, tools),
      card(t("subject.record"), { aside: state(subject) }, facts([[t("subject.number"), number(subject.id)], [t("subject.enrolled"), time(subject.enrolled)], [t("subject.updated"), time(subject.updated)], [t("subject.samples"), samples(subject)], [t("subject.revision"), number(subject.revision)]])),
      kept(references, tools),
      more(tools),
      consent(subject, tools),
      ending(tools),
    );
    // The button that was pressed is gone: go on from the heading.
    if (held && document.activeElement === document.body) root.querySelector("h1").focus({ preventScroll: true });
  };
  fill(root, head(name, null, can("verify") && h("a", { class: "button", href: `#/verify/${encodeURIComponent(name)}` }, t("menu.verify"))), said, body);
  await reload();
}

/** Do something that changes the subject, then show it anew. */
async function change({ reload, fail }, work, words) {
  try {
    await work();
    await reload(notice("good", words));
  } catch (error) {
    if (error.name === "AbortError") throw error;
    fail(error);
  }
}

function lockout(subject, tools) {
  const { locked } = subject;
  if (!locked?.failures) return null;
  const open = can("admin") && button(t("subject.unlock"), () => change(tools, () => call("POST", ["subjects", tools.name, "unlock"]), t("subject.unlocked")));
  const words = locked.disabled ? t("subject.disabled") : locked.until ? t("subject.locked") : t("subject.failures");
  return notice(
    locked.disabled ? "bad" : "warn",
    words,
    h("p", { class: "plain" }, count("tries", locked.failures), locked.until && !locked.disabled ? [" · ", t("subject.locked.until"), " ", time(locked.until)] : null),
    open ? h("div", { class: "actions" }, open) : t("subject.unlock.admin"),
  );
}

function kept(references, tools) {
  const remove = async (one) => {
    const last = references.length === 1;
    if (!(await confirm(t("reference.remove.title"), t(last ? "reference.remove.last" : "reference.remove.about"), t("reference.remove"), { signal: tools.signal }))) return;
    await change(tools, () => call("DELETE", ["subjects", tools.name, "references", one.id]), t("reference.removed"));
  };
  const columns = [[t("reference")], [t("reference.holds")], [t("reference.eyes")], [t("reference.quality"), "right"], ["", "right"]];
  const rows = references.map((one) => [
    h("span", { class: "number" }, `#${number(one.id)}`),
    samples(one),
    one.eyes.map((eye) => named("eye", eye ?? "unknown")).join(", ") || "–",
    h("span", { class: "number" }, number(one.quality)),
    h("div", { class: "actions" }, button(t("reference.remove"), () => remove(one), { class: "compact danger", "aria-label": t("reference.remove.number", { n: one.id }) })),
  ]);
  return card(t("subject.references"), { lead: t("references.lead") }, rows.length ? table(t("subject.references"), columns, rows) : empty(t("references.none")));
}

function more(tools) {
  const place = told();
  const replace = h("input", { type: "checkbox" });
  const pictures = new Pictures({ purpose: "enrol", signal: tools.signal });
  const go = h("button", { class: "primary" }, t("reference.add"));
  const send = async () => {
    if (!pictures.count) {
      fill(place, alert("warn", t("pictures.none")));
      return;
    }
    const body = pictures.form();
    if (replace.checked) body.append("replace", "true");
    let done;
    try {
      done = await call("POST", ["subjects", tools.name, "references"], { form: body, signal: tools.signal });
    } catch (error) {
      if (error.code === "quality") pictures.refuse(error.details.pictures);
      throw error;
    }
    await tools.reload(enrolled(done, t("reference.added")));
    tools.said.scrollIntoView({ block: "center" });
  };
  return card(t("reference.more"), { lead: t("enrol.pictures.lead") }, form(place, go, send, pictures.element, check(t("reference.replace"), replace, t("reference.replace.hint")), place, h("div", { class: "actions" }, go)));
}

function consent(subject, tools) {
  const place = told();
  const text = h("textarea", { maxlength: 4096 });
  text.value = subject.consent?.text ?? "";
  const expires = h("input", { type: "date", value: subject.expires?.slice(0, 10) });
  const go = h("button", {}, t("save"));
  const save = async () => {
    const changes = {};
    if (text.value.trim() && text.value.trim() !== subject.consent?.text) changes.consent = text.value.trim();
    if (expires.value !== (subject.expires?.slice(0, 10) ?? "")) changes.expires = expires.value || null;
    if (!Object.keys(changes).length) {
      fill(place, notice("plain", t("unchanged")));
      return;
    }
    await call("PATCH", ["subjects", tools.name], { json: changes, signal: tools.signal });
    await tools.reload(notice("good", t("saved")));
    tools.said.scrollIntoView({ block: "center" });
  };
  const given = subject.consent?.given && h("p", { class: "small muted" }, t("subject.consent.given"), " ", date(subject.consent.given));
  return card(
    t("subject.agreed"),
    { aside: subject.consent ? tag("good", t("subject.consent.kept")) : tag("warn", t("subject.consent.none")) },
    form(place, go, save, field(t("subject.consent"), text, { hint: t("enrol.consent.hint") }), given, h("div", { class: "fields" }, field(t("subject.expires"), expires, { hint: t("enrol.expires.hint"), optional: true })), place, h("div", { class: "actions" }, go)),
  );
}

function ending(tools) {
  const end = async (reason) => {
    const sure = await confirm(t(`subject.${reason}.title`), t(`subject.${reason}.about`), t(`subject.${reason}`), { typed: tools.name, signal: tools.signal });
    if (!sure) return;
    try {
      await call("DELETE", ["subjects", tools.name], { query: { reason } });
      location.hash = "#/subjects";
    } catch (error) {
      if (error.name === "AbortError") throw error;
      tools.fail(error);
      tools.said.scrollIntoView({ block: "center" });
    }
  };
  return card(
    t("subject.end"),
    { lead: t("subject.end.lead") },
    h("div", { class: "actions" }, button(t("subject.withdraw"), () => end("withdraw"), { class: "danger" }), button(t("subject.erase"), () => end("erase"), { class: "danger" })),
  );
}
