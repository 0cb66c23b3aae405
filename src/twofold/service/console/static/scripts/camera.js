// Live capture: an outline to fill, advice from light and sharpness at once, and from the service
// about once a second.

import { ask } from "./dialogs.js";
import { fill, h } from "./dom.js";
import { judge, reasons } from "./judging.js";
import { field as labelled, notice } from "./parts.js";
import { outline } from "./preview.js";
import { named, t } from "./words.js";

const LOOK = 250; // ms between looks at light and sharpness
const PAUSE = 1000; // ms between frames that are sent
const DARK = 50; // mean grey levels that are too low and too high
const BRIGHT = 215;
// Mean absolute Laplacian, as a share of the contrast: 0.045 or more in 99 of 100 sharp pictures of
// faces and eyes, mostly below 0.03 in the same ones blurred by 2 % of their height.
const BLURRED = 0.035;

/** Where the outline is, in shares of the frame's height, around its middle. */
const GUIDES = { face: { across: 0.27, down: 0.36 }, eye: { across: 0.4, down: 0.22, iris: 0.17 } };

/** Open the camera for a field; `taken` gets each picture as a File. Ends when the dialog closes. */
export async function openCamera(field, { signal, purpose, light, taken }) {
  const over = new AbortController();
  signal.addEventListener("abort", () => over.abort());
  const live = new Live(field, { signal: over.signal, purpose, light, taken });
  await ask(t("camera.title", { field: named("field", field) }), (close) => live.body(close), { wide: true, signal });
  over.abort();
}

class Live {
  constructor(field, { signal, purpose, light, taken }) {
    Object.assign(this, { field, signal, purpose, light, taken });
    this.number = 0;
    this.found = null; // the service's last answer
    this.local = null; // what is amiss by the look alone
    this.notBefore = 0;
    this.video = h("video", { playsinline: true, "aria-label": t("camera.view") });
    this.video.muted = true;
    this.overlay = h("canvas", { "aria-hidden": "true" });
    this.said = h("p", { class: "guidance", "aria-live": "polite" }, t("camera.starting"));
    this.count = h("p", { class: "muted small", role: "status" });
    this.devices = h("select", { class: "compact", change: () => this.start(this.devices.value) });
    this.small = h("canvas", { width: 96, height: 72 });
    signal.addEventListener("abort", () => this.stop());
  }

  body(close) {
    this.shutter = h("button", { type: "button", class: "primary", autofocus: true, disabled: true, click: () => this.take() }, t("camera.take"));
    this.choice = labelled(t("camera.device"), this.devices);
    this.choice.hidden = true;
    this.trouble = h("div", { class: "told", role: "alert" });
    this.start();
    return [
      h("div", { class: "view" }, this.video, this.overlay),
      this.said,
      this.trouble,
      this.choice,
      h("div", { class: "actions" }, this.count, h("button", { type: "button", click: () => close() }, t("camera.done")), this.shutter),
    ];
  }

  async start(device) {
    this.stop();
    if (!navigator.mediaDevices?.getUserMedia) return this.fail(t("camera.insecure"));
    try {
      const wanted = { width: { ideal: 1280 }, height: { ideal: 960 }, ...(device ? { deviceId: { exact: device } } : {}) };
      const stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
      if (this.signal.aborted) return stream.getTracks().forEach((one) => one.stop());
      this.video.srcObject = stream;
      await this.video.play();
    } catch (error) {
      if (this.signal.aborted) return undefined;
      return this.fail(named("camera.error", error.name, t("camera.failed")));
    }
    this.shutter.disabled = false;
    this.shutter.focus();
    this.looking = setInterval(() => this.look(), LOOK);
    await this.list(device);
    return undefined;
  }

  async list(device) {
    const cameras = (await navigator.mediaDevices.enumerateDevices()).filter((one) => one.kind === "videoinput");
    const used = device ?? this.video.srcObject?.getVideoTracks()[0]?.getSettings().deviceId;
    fill(this.devices, cameras.map((one, at) => h("option", { value: one.deviceId, selected: one.deviceId === used }, one.label || t("camera.number", { n: at + 1 }))));
    this.choice.hidden = cameras.length < 2;
  }

  stop() {
    clearInterval(this.looking);
    this.video.srcObject?.getTracks().forEach((one) => one.stop());
    this.video.srcObject = null;
  }

  fail(words) {
    fill(this.said);
    fill(this.trouble, notice("warn", words, t("camera.files")));
  }

  /** Look at light and sharpness inside the outline, say what is amiss, send a frame when due. */
  look() {
    if (!this.video.videoWidth) return;
    this.local = this.seen();
    const now = performance.now();
    if (!this.local && !this.asking && now >= this.notBefore) this.ask();
    const advice = this.local ? named("code", this.local) : this.found && (this.found.usable ? t("camera.good") : reasons(this.found)[0]);
    const words = advice ?? t("camera.fill");
    // Said when it held for two looks: what flickers cannot be followed, by eye or by ear.
    if (words === this.before && this.said.textContent !== words) fill(this.said, words);
    this.before = words;
    this.paint();
  }

  seen() {
    const { width, height } = this.small;
    const pen = this.small.getContext("2d", { willReadFrequently: true });
    const guide = this.guide(this.video.videoWidth, this.video.videoHeight);
    pen.drawImage(this.video, guide.x - guide.across, guide.y - guide.down, 2 * guide.across, 2 * guide.down, 0, 0, width, height);
    const { data } = pen.getImageData(0, 0, width, height);
    const grey = new Float32Array(width * height);
    let sum = 0;
    for (let at = 0; at < grey.length; at += 1) {
      grey[at] = 0.299 * data[4 * at] + 0.587 * data[4 * at + 1] + 0.114 * data[4 * at + 2];
      sum += grey[at];
    }
    const mean = sum / grey.length;
    if (mean < DARK) return "dark";
    if (mean > BRIGHT) return "bright";
    let spread = 0;
    let fine = 0;
    for (let y = 1; y < height - 1; y += 1) {
      for (let x = 1; x < width - 1; x += 1) {
        const at = y * width + x;
        spread += Math.abs(grey[at] - mean);
        fine += Math.abs(4 * grey[at] - grey[at - 1] - grey[at + 1] - grey[at - width] - grey[at + width]);
      }
    }
    return fine < BLURRED * 4 * spread ? "sharpness" : null;
  }

  async ask() {
    this.asking = true;
    try {
      this.found = await judge(this.field, await this.frame("live.jpg", 0.85), { purpose: this.purpose, light: this.light(), signal: this.signal });
    } catch (error) {
      this.found = null;
      if (error.wait) this.notBefore = performance.now() + 1000 * error.wait;
    } finally {
      this.asking = false;
      this.notBefore = Math.max(this.notBefore, performance.now() + PAUSE);
    }
  }

  frame(name, quality) {
    const canvas = h("canvas", { width: this.video.videoWidth, height: this.video.videoHeight });
    canvas.getContext("2d").drawImage(this.video, 0, 0);
    return new Promise((resolve) => canvas.toBlob((blob) => resolve(new File([blob], name, { type: blob.type })), "image/jpeg", quality));
  }

  async take() {
    if (!this.video.videoWidth) return;
    this.number += 1;
    const file = await this.frame(`${this.field}-${this.number}.jpg`, 0.95);
    this.taken(file);
    fill(this.count, t("camera.taken", { n: this.number }));
  }

  guide(width, height) {
    const shape = GUIDES[this.field === "face" ? "face" : "eye"];
    return { x: width / 2, y: height / 2, across: shape.across * height, down: shape.down * height, iris: (shape.iris ?? 0) * height };
  }

  /** Draw the outline to fill, and what the service found, over the video. */
  paint() {
    const { clientWidth: width, clientHeight: height } = this.overlay;
    const dense = window.devicePixelRatio || 1;
    this.overlay.width = width * dense;
    this.overlay.height = height * dense;
    const pen = this.overlay.getContext("2d");
    pen.scale(dense, dense);
    const scale = Math.min(width / this.video.videoWidth, height / this.video.videoHeight);
    const [left, top] = [(width - this.video.videoWidth * scale) / 2, (height - this.video.videoHeight * scale) / 2];
    const guide = this.guide(this.video.videoWidth * scale, this.video.videoHeight * scale);
    const [x, y] = [left + guide.x, top + guide.y];
    pen.fillStyle = "rgb(8 14 18 / 50%)";
    pen.beginPath();
    pen.rect(0, 0, width, height);
    pen.ellipse(x, y, guide.across, guide.down, 0, 0, 2 * Math.PI);
    pen.fill("evenodd");
    pen.lineWidth = 3;
    pen.strokeStyle = this.local ? "#ffb35c" : this.found?.usable ? "#5ee0a0" : "#ffffff";
    pen.beginPath();
    pen.ellipse(x, y, guide.across, guide.down, 0, 0, 2 * Math.PI);
    pen.stroke();
    if (guide.iris) {
      pen.setLineDash([6, 6]);
      pen.beginPath();
      pen.arc(x, y, guide.iris, 0, 2 * Math.PI);
      pen.stroke();
      pen.setLineDash([]);
    }
    if (this.found && !this.local) outline(pen, this.found, (across) => left + across * scale, (down) => top + down * scale, 2);
  }
}
