// What stands around every page: menu, who is signed in, language.

import { signOut, who } from "./api.js";
import { fill, h, icon } from "./dom.js";
import { menu } from "./pages.js";
import { button, select } from "./parts.js";
import { current, languages, t } from "./words.js";

/** Draw the frame; gives the element that pages go into. */
export function frame(root, { left, spoken }) {
  const main = h("main", { id: "main", tabindex: "-1" });
  const skip = h("a", { class: "skip", href: "#main", click: (event) => { event.preventDefault(); main.focus(); } }, t("skip"));
  fill(root, skip, h("div", { class: "frame" }, side(left, spoken), main));
  return main;
}

function side(left, spoken) {
  const open = h("button", { type: "button", class: "menu-button compact", "aria-expanded": "false", "aria-controls": "menu" }, icon("menu"), t("menu"));
  const header = h(
    "header",
    { class: "side" },
    h("a", { class: "brand", href: "#/" }, h("img", { src: "mark.svg", alt: "", width: 32, height: 32 }), "Twofold"),
    open,
    h("nav", { class: "menu", id: "menu", "aria-label": t("menu.label") }, menu().map(group), account(left, spoken)),
  );
  open.addEventListener("click", () => open.setAttribute("aria-expanded", String(header.classList.toggle("open"))));
  return header;
}

function group([name, pages]) {
  const links = pages.map((page) => h("li", {}, h("a", { href: `#/${page}`, "data-page": page }, icon(page), t(`menu.${page}`))));
  const id = `menu-${name}`;
  const label = name === "home" ? null : h("p", { id }, t(`menu.group.${name}`));
  return h("div", {}, label, h("ul", { "aria-labelledby": label && id }, links));
}

function account(left, spoken) {
  const out = async () => {
    await signOut().catch(() => {}); // the service is gone: there is nothing to end
    left();
  };
  return h(
    "div",
    { class: "account" },
    h("p", { class: "small" }, h("span", { class: "muted" }, t("account.key")), h("br"), h("strong", {}, who().name)),
    h("div", { class: "account-row" }, chooser(spoken), button(t("signout"), out, { class: "compact" })),
  );
}

/** The choice of a language, each in its own. */
export function chooser(spoken) {
  return select(Object.entries(languages()), current(), { class: "compact", "aria-label": t("language"), "data-language": true, change: (event) => spoken(event.target.value) });
}
