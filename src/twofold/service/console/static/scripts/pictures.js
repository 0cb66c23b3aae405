// Where pictures are given: from files, dropped, or from the camera; each is judged at once.

import { limits } from "./api.js";
import { openCamera } from "./camera.js";
import { fill, h, icon } from "./dom.js";
import { judge, reasons } from "./judging.js";
import { alert, field as labelled, problem, select, tag } from "./parts.js";
import { decode, draw } from "./preview.js";
import { named, number, t } from "./words.js";

const FIELDS = ["face", "left", "right"];
const MEBIBYTE = 2 ** 20;

/** A choice of pictures of one person. */
export class Pictures {
  /**
   * `purpose` is "enrol" or "probe"; `changed` hears when a picture comes, goes or is judged; `beside`
   * is a field that stands beside the choice of light.
   */
  constructor({ purpose, signal, changed = () => {}, beside = null }) {
    this.purpose = purpose;
    this.signal = signal;
    this.changed = changed;
    this.items = [];
    this.queue = Promise.resolve();
    this.lists = Object.fromEntries(FIELDS.map((field) => [field, h("ul", { class: "pictures" })]));
    this.light = select([["", t("light.unknown")], ["nir", t("light.nir")], ["visible", t("light.visible")]], "", { change: () => this.relight() });
    this.told = h("div", { class: "told", "aria-live": "polite" });
    this.element = h(
      "div",
      { class: "stack" },
      h("div", { class: "picker" }, FIELDS.map((field) => this.slot(field))),
      this.told,
      h("div", { class: "inline" }, labelled(t("light"), this.light, { hint: t("light.hint") }), beside),
    );
  }

  /** How many there are. */
  get count() {
    return this.items.length;
  }

  /** The pictures as a form, to which fields may be added. */
  form() {
    const form = new FormData();
    for (const field of FIELDS) for (const item of this.of(field)) form.append(field, item.file);
    if (this.light.value && this.items.some((item) => item.field !== "face")) form.append("light", this.light.value);
    return form;
  }

  clear() {
    for (const item of [...this.items]) this.remove(item);
  }

  /** Mark pictures that the service refused: details of an error of code "quality". */
  refuse(pictures) {
    for (const one of pictures ?? []) {
      const item = this.of(one.field)[one.number];
      if (item) this.show(item, { state: "refused", reasons: [named("code", one.code, one.advice)] });
    }
  }

  of(field) {
    return this.items.filter((item) => item.field === field);
  }

  slot(field) {
    const input = h("input", { type: "file", accept: "image/*,.pgm,.jp2", multiple: true, "aria-label": t("picture.choose.for", { field: named("field", field) }) });
    input.addEventListener("change", () => {
      this.add(field, [...input.files]);
      input.value = "";
    });
    const camera = h("button", { type: "button", class: "compact", "aria-label": t("picture.camera.for", { field: named("field", field) }) }, icon("camera"), t("picture.camera"));
    camera.addEventListener("click", () => openCamera(field, { signal: this.signal, purpose: this.purpose, light: () => this.light.value, taken: (file) => this.add(field, [file]) }));
    const element = h(
      "div",
      { class: "slot", role: "group", "aria-label": named("field", field) },
      h("div", { class: "slot-head" }, icon(field === "face" ? "face" : "eye"), h("h3", {}, named("field", field)), h("p", {}, named("slot", field))),
      h("div", { class: "actions" }, h("span", { class: "button compact file" }, icon("file"), t("picture.choose"), input), camera),
      this.lists[field],
    );
    for (const kind of ["dragenter", "dragover"]) element.addEventListener(kind, (event) => { event.preventDefault(); element.classList.add("over"); });
    element.addEventListener("dragleave", (event) => element.contains(event.relatedTarget) || element.classList.remove("over"));
    element.addEventListener("drop", (event) => {
      event.preventDefault();
      element.classList.remove("over");
      this.add(field, [...event.dataTransfer.files]);
    });
    return element;
  }

  async add(field, files) {
    fill(this.told);
    let allowed;
    try {
      allowed = await limits();
    } catch (error) {
      return fill(this.told, problem(error));
    }
    const { max_pictures: most, max_picture_bytes: largest, max_body_bytes: together } = allowed;
    for (const file of files) {
      const all = this.items.reduce((sum, item) => sum + item.file.size, file.size);
      if (this.items.length >= most) return this.say(t("picture.most", { n: number(most) }));
      if (file.size > largest) return this.say(t("picture.large", { name: file.name, size: number(largest / MEBIBYTE) }));
      if (all > together) return this.say(t("picture.large.all", { size: number(together / MEBIBYTE) }));
      this.take(field, file);
    }
    return undefined;
  }

  say(words) {
    fill(this.told, alert("warn", words));
  }

  take(field, file) {
    const canvas = h("canvas", { role: "img" });
    const status = h("span", { role: "status" });
    const about = h("ul");
    const remove = h("button", { type: "button", class: "quiet compact", "aria-label": t("picture.remove.name", { name: file.name }) }, t("picture.remove"));
    const item = { field, file, canvas, status, about, bitmap: null };
    item.element = h("li", { class: "picture" }, canvas, h("div", { class: "picture-line" }, status, remove), about, h("p", { class: "name muted small" }, file.name));
    remove.addEventListener("click", () => {
      this.remove(item);
      this.lists[field].closest(".slot").querySelector("button").focus();
    });
    this.items.push(item);
    this.lists[field].append(item.element);
    this.changed();
    this.check(item);
  }

  remove(item) {
    this.items = this.items.filter((one) => one !== item);
    item.element.remove();
    item.bitmap?.close();
    this.changed();
  }

  relight() {
    for (const item of this.items) if (item.field !== "face") this.check(item);
  }

  /** Judge a picture; one after the other, so that a handful of files is no burst of requests. */
  check(item) {
    this.show(item, { state: "checking" });
    this.queue = this.queue.then(() => this.judged(item)).catch((error) => {
      if (error.name !== "AbortError") throw error;
    });
  }

  async judged(item) {
    item.bitmap ??= await decode(item.file);
    draw(item.canvas, item.bitmap, null);
    try {
      const found = await this.patiently(item);
      if (!this.items.includes(item)) return;
      draw(item.canvas, item.bitmap, found);
      this.show(item, { state: found.usable ? "usable" : "refused", quality: found.quality, reasons: reasons(found) });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      this.show(item, { state: "unchecked" });
      fill(this.told, problem(error));
    }
  }

  /** Ask again, a few times, where the service is busy and says how long to wait. */
  async patiently(item) {
    const told = { purpose: this.purpose, light: this.light.value, signal: this.signal };
    for (let left = 3; ; left -= 1) {
      try {
        return await judge(item.field, item.file, told);
      } catch (error) {
        if (!left || !error.wait || error.wait > 10) throw error;
        await new Promise((resolve) => setTimeout(resolve, 1000 * error.wait));
      }
    }
  }

  show(item, { state, quality = null, reasons: told = [] }) {
    const kind = { usable: "good", refused: "bad", checking: "", unchecked: "" }[state];
    const words = [named("picture.state", state), typeof quality === "number" ? t("picture.quality", { n: number(quality) }) : null];
    fill(item.status, tag(kind, words.filter(Boolean).join(" · ")));
    fill(item.about, told.map((one) => h("li", {}, one)));
    item.canvas.setAttribute("aria-label", t("picture.label", { name: item.file.name, state: named("picture.state", state) }));
    item.state = state;
    this.changed();
  }
}
