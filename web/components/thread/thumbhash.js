import { h } from "../base/h.js";

/** A blurred picture until the real one is there, as a canvas. @param {string} placeholder a ThumbHash in Base64 */
export function thumbHash(placeholder) {
  return h("canvas", {
    key: `hash ${placeholder}`,
    class: "hash",
    "aria-hidden": "true",
    ref: (/** @type {HTMLCanvasElement | null} */ canvas) => canvas && draw(canvas, placeholder),
  });
}

/** @param {HTMLCanvasElement} canvas @param {string} placeholder */
function draw(canvas, placeholder) {
  try {
    const { width, height, rgba } = decode(Uint8Array.from(atob(placeholder), (letter) => letter.charCodeAt(0)));
    canvas.width = width;
    canvas.height = height;
    canvas.getContext("2d")?.putImageData(new ImageData(rgba, width, height), 0, 0);
  } catch {
    canvas.remove(); // not a hash: there is a plain box until the picture comes
  }
}

/**
 * Decodes a ThumbHash (https://evanw.github.io/thumbhash/): a discrete cosine transform of lightness, two colours and, if there is one, opacity.
 *
 * @param {Uint8Array} hash
 */
export function decode(hash) {
  const byte = (/** @type {number} */ index) => {
    const found = hash[index];
    if (found === undefined) throw new RangeError("The hash is too short.");
    return found;
  };
  const header = byte(0) | (byte(1) << 8) | (byte(2) << 16);
  const more = byte(3) | (byte(4) << 8);
  const lightness = (header & 63) / 63;
  const p = ((header >> 6) & 63) / 31.5 - 1;
  const q = ((header >> 12) & 63) / 31.5 - 1;
  const hasAlpha = header >> 23 !== 0;
  const isLandscape = more >> 15 !== 0;
  const lx = Math.max(3, isLandscape ? (hasAlpha ? 5 : 7) : more & 7);
  const ly = Math.max(3, isLandscape ? more & 7 : hasAlpha ? 5 : 7);
  const alpha = hasAlpha ? (byte(5) & 15) / 15 : 1;
  let at = 0;
  const start = hasAlpha ? 6 : 5;
  /** @param {number} nx @param {number} ny @param {number} scale */
  const channel = (nx, ny, scale) => {
    const factors = [];
    for (let y = 0; y < ny; y++) {
      for (let x = y ? 0 : 1; x * ny < nx * (ny - y); x++) {
        factors.push((((byte(start + (at >> 1)) >> ((at & 1) << 2)) & 15) / 7.5 - 1) * scale);
        at += 1;
      }
    }
    return factors;
  };
  const l = channel(lx, ly, ((header >> 18) & 31) / 31);
  const ps = channel(3, 3, (((more >> 3) & 63) / 63) * 1.25);
  const qs = channel(3, 3, (((more >> 9) & 63) / 63) * 1.25);
  const as = hasAlpha ? channel(5, 5, (byte(5) >> 4) / 15) : [];

  const ratio = (isLandscape ? (hasAlpha ? 5 : 7) : more & 7) / (isLandscape ? more & 7 : hasAlpha ? 5 : 7);
  const width = Math.round(ratio > 1 ? 32 : 32 * ratio);
  const height = Math.round(ratio > 1 ? 32 / ratio : 32);
  const rgba = new Uint8ClampedArray(width * height * 4);
  /** @param {number[]} factors @param {number} nx @param {number} ny @param {number[]} fx @param {number[]} fy */
  const sum = (factors, nx, ny, fx, fy) => {
    let value = 0;
    let index = 0;
    for (let y = 0; y < ny; y++) {
      for (let x = y ? 0 : 1; x * ny < nx * (ny - y); x++) {
        value +=
          /** @type {number} */ (factors[index++]) * /** @type {number} */ (fx[x]) * /** @type {number} */ (fy[y]) * 2;
      }
    }
    return value;
  };
  const cosines = (/** @type {number} */ place, /** @type {number} */ size) =>
    Array.from({ length: 7 }, (_, n) => Math.cos((Math.PI / size) * (place + 0.5) * n));
  for (let y = 0, to = 0; y < height; y++) {
    const fy = cosines(y, height);
    for (let x = 0; x < width; x++, to += 4) {
      const fx = cosines(x, width);
      const light = lightness + sum(l, lx, ly, fx, fy);
      const pv = p + sum(ps, 3, 3, fx, fy);
      const qv = q + sum(qs, 3, 3, fx, fy);
      const b = light - (2 / 3) * pv;
      const r = (3 * light - b + qv) / 2;
      rgba.set([r * 255, (r - qv) * 255, b * 255, (alpha + (hasAlpha ? sum(as, 5, 5, fx, fy) : 0)) * 255], to);
    }
  }
  return { width, height, rgba };
}
