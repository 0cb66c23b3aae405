// Start, sign in, and show the page that the address names.

import { resume, who } from "./api.js";
import { fill, h } from "./dom.js";
import { frame } from "./frame.js";
import { pageOf } from "./pages.js";
import { problem } from "./parts.js";
import { gate } from "./pages/signin.js";
import { preferred, speak, t } from "./words.js";

const root = document.getElementById("console");
let leaving = new AbortController();

/** Draw everything anew: after signing in or out, and in another language. */
function draw(notice) {
  leave();
  if (!who()) {
    gate(root, { notice, entered: () => { draw(); begin(); }, spoken });
    return;
  }
  const main = frame(root, { left, spoken });
  open(main);
}

/** Go on from the page's heading: what was focused is gone. */
function begin() {
  document.querySelector("h1")?.focus({ preventScroll: true });
}

/** The page that the address names; its work ends, and its camera goes off, when it is left. */
async function open(main) {
  leave();
  const { page, argument, name } = pageOf(location.hash);
  const { signal } = leaving;
  const place = h("div", { class: "stack" });
  fill(main, place);
  for (const link of document.querySelectorAll(".menu a")) {
    if (link.dataset.page === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  try {
    await page(place, { signal, argument });
  } catch (error) {
    if (signal.aborted || error.name === "AbortError") return;
    place.append(problem(error));
  }
}

/** Whoever signs in next does not see what was looked at last. */
function left() {
  history.replaceState(null, "", "#/");
  draw(t("signin.left"));
}

function leave() {
  leaving.abort();
  leaving = new AbortController();
}

async function spoken(code) {
  await speak(code);
  draw();
  document.querySelector("[data-language]").focus();
}

window.addEventListener("hashchange", async () => {
  const main = document.getElementById("main");
  if (!who() || !main) return;
  document.querySelector(".side")?.classList.remove("open");
  document.querySelector(".menu-button")?.setAttribute("aria-expanded", "false");
  open(main);
  window.scrollTo(0, 0);
  begin();
});
window.addEventListener("signedout", () => draw(t("signin.ended")));

try {
  await speak(preferred());
} catch {
  root.textContent = "The console could not be loaded. Load the page again. · 화면을 불러오지 못했습니다. 다시 불러와 주세요.";
  throw new Error("no words");
}
try {
  await resume();
  draw();
} catch (error) {
  fill(root, h("main", {}, problem(error)));
}
