// API keys: made, shown once, revoked.

import { call } from "../api.js";
import { ask, confirm } from "../dialogs.js";
import { fill, h } from "../dom.js";
import { alert, button, card, check, date, empty, field, form, head, notice, problem, table, tag, told } from "../parts.js";
import { t } from "../words.js";

const SCOPES = ["verify", "identify", "enrol", "scores", "audit", "metrics", "admin"];

export async function show(root, { signal }) {
  const said = told();
  const list = h("div", { class: "stack" });
  const load = async () => {
    const { keys } = await call("GET", ["keys"], { signal });
    fill(list, card(t("keys.all"), {}, said, keys.length ? rows(keys, revoke) : empty(t("keys.none"))));
  };
  const revoke = async (one) => {
    if (!(await confirm(t("keys.revoke.title", { name: one.name }), t("keys.revoke.about"), t("keys.revoke"), { signal }))) return;
    try {
      await call("DELETE", ["keys", one.id], { signal });
      await load();
      fill(said, notice("good", t("keys.revoked", { name: one.name })));
    } catch (error) {
      if (error.name === "AbortError") throw error;
      fill(said, problem(error));
    }
  };
  fill(root, head(t("keys.title"), t("keys.lead")), making(signal, load), list);
  await load();
}

function making(signal, load) {
  const place = told();
  const name = h("input", { required: true, maxlength: 100, autocomplete: "off" });
  const expires = h("input", { type: "date", min: new Date().toISOString().slice(0, 10) });
  const boxes = SCOPES.map((scope) => [scope, h("input", { type: "checkbox", name: "scope", value: scope })]);
  const go = h("button", { class: "primary" }, t("keys.make"));
  const send = async () => {
    const scopes = boxes.filter(([, box]) => box.checked).map(([scope]) => scope);
    if (!scopes.length) {
      fill(place, alert("warn", t("keys.scopes.none")));
      return;
    }
    const made = await call("POST", ["keys"], { json: { name: name.value.trim(), scopes, expires: expires.value || null }, signal });
    await shown(made, signal);
    name.value = expires.value = "";
    for (const [, box] of boxes) box.checked = false;
    await load();
  };
  return card(
    t("keys.new"),
    {},
    form(
      place,
      go,
      send,
      h("div", { class: "fields" }, field(t("keys.name"), name, { hint: t("keys.name.hint") }), field(t("subject.expires"), expires, { hint: t("keys.expires.hint"), optional: true })),
      h("fieldset", {}, h("legend", {}, t("keys.scopes")), h("div", { class: "fields" }, boxes.map(([scope, box]) => check(scope, box, t(`scope.${scope}`))))),
      place,
      h("div", { class: "actions" }, go),
    ),
  );
}

/** Show a new key, this once. */
function shown(made, signal) {
  return ask(
    t("keys.made", { name: made.name }),
    (close) => {
      const text = h("input", { readonly: true, value: made.key, "aria-label": t("keys.key") });
      const done = h("p", { class: "small muted", role: "status" });
      const copy = async () => {
        text.select();
        try {
          await navigator.clipboard.writeText(made.key);
          fill(done, t("copied"));
        } catch {
          fill(done, t("copy.self")); // the browser lets only secure pages copy
        }
      };
      return [notice("warn", t("keys.once")), h("div", { class: "secret" }, text, button(t("copy"), copy)), done, h("div", { class: "actions" }, h("button", { type: "button", class: "primary", click: () => close() }, t("keys.kept")))];
    },
    { signal },
  );
}

function rows(keys, revoke) {
  const now = new Date();
  const state = (one) => {
    if (one.altered) return tag("bad", t("keys.state.altered"));
    if (one.revoked) return tag("bad", t("keys.state.revoked"));
    return one.expires && new Date(one.expires) < now ? tag("warn", t("state.expired")) : tag("good", t("state.active"));
  };
  const columns = [[t("keys.name")], [t("keys.scopes")], [t("keys.created")], [t("subject.expires")], [t("subject.state")], ["", "right"]];
  return table(t("keys.all"), columns, keys.map((one) => [
    h("div", {}, one.name, h("div", { class: "muted code" }, one.id)),
    h("div", { class: "tags" }, one.scopes.map((scope) => tag("", scope))),
    date(one.created),
    one.expires ? date(one.expires) : h("span", { class: "muted" }, t("never")),
    state(one),
    one.revoked ? null : h("div", { class: "actions" }, button(t("keys.revoke"), () => revoke(one), { class: "compact danger", "aria-label": t("keys.revoke.name", { name: one.name }) })),
  ]));
}
