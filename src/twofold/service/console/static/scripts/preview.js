// A picture with what was found in it: the face's box and landmarks, or the iris' boundaries.

const WIDEST = 640;
const COLOURS = { good: "#5ee0a0", bad: "#ffb35c", lids: "#7cc4ff", halo: "rgb(0 0 0 / 65%)" };

/** Decode a file for showing; null where the browser does not know its kind. */
export async function decode(file) {
  try {
    return await createImageBitmap(file);
  } catch {
    return null;
  }
}

/** Draw a picture and what the service found; `found` is an answer of /v1/quality or null. */
export function draw(canvas, bitmap, found) {
  const width = found?.width ?? bitmap?.width ?? 320;
  const height = found?.height ?? bitmap?.height ?? 240;
  const scale = Math.min(1, WIDEST / width);
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const pen = canvas.getContext("2d");
  if (bitmap) pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  if (found) outline(pen, found, (x) => x * scale, (y) => y * scale, Math.max(1.5, canvas.width / 220));
}

/** Draw what was found, in coordinates that `x` and `y` turn into the canvas' own. */
export function outline(pen, found, x, y, thick) {
  const colour = found.usable ? COLOURS.good : COLOURS.bad;
  const path = (points, closed) => {
    pen.beginPath();
    points.forEach(([across, down], at) => (at ? pen.lineTo(x(across), y(down)) : pen.moveTo(x(across), y(down))));
    if (closed) pen.closePath();
  };
  const stroke = (style) => {
    // A dark halo below, so that the line shows on light and on dark pictures.
    for (const [width, ink] of [[thick * 2.2, COLOURS.halo], [thick, style]]) {
      pen.lineWidth = width;
      pen.strokeStyle = ink;
      pen.stroke();
    }
  };
  pen.lineJoin = "round";
  if (found.face) {
    const [left, top, wide, high] = found.face.box;
    path([[left, top], [left + wide, top], [left + wide, top + high], [left, top + high]], true);
    stroke(colour);
    for (const [across, down] of found.face.landmarks ?? []) {
      pen.beginPath();
      pen.arc(x(across), y(down), thick * 1.8, 0, 2 * Math.PI);
      stroke(colour);
    }
  }
  if (found.iris) {
    for (const name of ["upper", "lower"]) {
      const lid = found.iris.lids?.[name];
      if (lid?.length) {
        path(lid, false);
        stroke(COLOURS.lids);
      }
    }
    for (const circle of [found.iris.pupil, found.iris.limbus]) {
      if (circle?.length) {
        path(circle, true);
        stroke(colour);
      }
    }
  }
}
