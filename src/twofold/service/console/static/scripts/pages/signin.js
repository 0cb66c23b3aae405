// Sign in with an API key. The key is sent once and kept nowhere.

import { signIn } from "../api.js";
import { fill, h } from "../dom.js";
import { chooser } from "../frame.js";
import { alert, field, form, notice, told } from "../parts.js";
import { t } from "../words.js";

/** Draw the sign-in page into `root`; `entered` is called with a session. */
export function gate(root, { notice: words, entered, spoken }) {
  document.title = `${t("signin.title")} · Twofold`;
  const key = h("input", { type: "password", name: "key", autocomplete: "off", spellcheck: "false", autocapitalize: "off", required: true, maxlength: 200 });
  const place = told();
  const go = h("button", { class: "primary" }, t("signin.go"));
  const submit = async () => {
    const value = key.value.trim();
    key.removeAttribute("aria-invalid");
    if (!/^tf_[0-9a-f]{16}_\S+$/.test(value)) {
      wrong(key);
      fill(place, alert("bad", t("signin.form")));
      return;
    }
    try {
      await signIn(value);
      key.value = "";
    } catch (error) {
      wrong(key);
      throw error.status === 401 ? Object.assign(error, { code: "signin" }) : error;
    }
    entered();
  };
  fill(
    root,
    h(
      "div",
      { class: "gate" },
      h(
        "main",
        { id: "main" },
        h("div", { class: "brand" }, h("img", { src: "mark.svg", alt: "", width: 32, height: 32 }), "Twofold"),
        h(
          "div",
          { class: "card" },
          h("h1", { tabindex: "-1" }, t("signin.title")),
          words && notice("plain", words),
          form(place, go, submit, field(t("signin.key"), key, { hint: t("signin.hint") }), place, go),
        ),
        h("div", { class: "foot" }, chooser(spoken)),
      ),
    ),
  );
  key.focus();
}

function wrong(key) {
  key.setAttribute("aria-invalid", "true");
  key.select();
}
