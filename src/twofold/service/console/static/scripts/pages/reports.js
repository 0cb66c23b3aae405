// Evaluation reports: each a page of its own, opened in a new tab where it can run nothing.

import { address, call } from "../api.js";
import { fill, h } from "../dom.js";
import { card, empty, head, table, time } from "../parts.js";
import { number, t } from "../words.js";

export async function show(root, { signal }) {
  fill(root, head(t("reports.title"), t("reports.lead")));
  const { reports } = await call("GET", ["reports"], { signal });
  const open = (one) => h("a", { class: "button compact", href: address(["reports", one.name]), target: "_blank", rel: "noopener", "aria-label": t("reports.open.name", { name: one.name }) }, t("reports.open"));
  const rows = reports.map((one) => [one.name, time(one.created), h("span", { class: "number" }, t("kilobytes", { n: number(Math.max(1, one.bytes / 1000)) })), open(one)]);
  root.append(
    rows.length
      ? card(t("reports.all"), {}, table(t("reports.title"), [[t("reports.name")], [t("reports.created")], [t("reports.size"), "right"], ["", "right"]], rows))
      : h("section", { class: "card" }, empty(t("reports.none"), h("p", {}, h("code", {}, "TWOFOLD_SERVE_REPORTS")))),
  );
}
