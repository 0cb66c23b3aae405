// Pages of a list whose service tells only where the next one begins.

import { fill, h } from "../dom.js";
import { button } from "../parts.js";
import { number, t } from "../words.js";

/**
 * Show the first page, with buttons to the next and back. `load` gives {element, next, about} for
 * where a page begins (null for the first); what goes wrong is shown as `problem` says.
 */
export async function pages(place, load, problem) {
  const begun = [null];
  const turn = async () => {
    let page;
    try {
      page = await load(begun.at(-1));
    } catch (error) {
      if (error.name === "AbortError") throw error;
      fill(place, problem(error));
      return;
    }
    const back = button(t("page.back"), () => { begun.pop(); return turn(); }, { class: "compact" });
    const on = button(t("page.next"), () => { begun.push(page.next); return turn(); }, { class: "compact" });
    back.disabled = begun.length === 1;
    on.disabled = page.next === null;
    const where = begun.length > 1 || page.next !== null ? t("page.number", { n: number(begun.length) }) : null;
    fill(
      place,
      h("section", { class: "card" }, page.element),
      h("div", { class: "pager" }, h("p", { class: "muted small", role: "status" }, [page.about, where].filter(Boolean).join(" · ")), where && h("div", { class: "actions" }, back, on)),
    );
  };
  await turn();
}
