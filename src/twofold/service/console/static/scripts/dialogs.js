// Questions in a modal <dialog>: the browser keeps the focus inside and gives it back.

import { h, unique } from "./dom.js";
import { t } from "./words.js";

/** Open a dialog with this body; gives what `close` was called with, null when it was dismissed. */
export function ask(title, body, { wide = false, signal } = {}) {
  return new Promise((resolve) => {
    const id = unique("d");
    const dialog = h("dialog", { "aria-labelledby": id, class: wide ? "wide" : null });
    let answer = null;
    const close = (value = null) => {
      answer = value;
      dialog.close();
    };
    dialog.append(h("div", { class: "body" }, h("h2", { id }, title), body(close)));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(answer);
    });
    signal?.addEventListener("abort", () => close());
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Ask whether to go on; with `typed`, only after that text was typed. Gives true or false. */
export async function confirm(title, explanation, verb, { typed, extra, signal } = {}) {
  const yes = await ask(
    title,
    (close) => {
      const go = h("button", { class: "primary danger", type: "submit", disabled: Boolean(typed) }, verb);
      const id = unique("f");
      const input = typed && h("input", { id, autocomplete: "off", spellcheck: "false", autofocus: true, input: () => { go.disabled = input.value.normalize() !== typed.normalize(); } });
      return h(
        "form",
        { submit: (event) => { event.preventDefault(); close(true); } },
        h("p", {}, explanation),
        extra,
        input && h("div", { class: "field" }, h("label", { for: id }, t("confirm.type", { text: typed })), input),
        h("div", { class: "actions" }, h("button", { type: "button", autofocus: !typed, click: () => close() }, t("cancel")), go),
      );
    },
    { signal },
  );
  return yes === true;
}
