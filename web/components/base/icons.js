/** Small pictures, drawn as lines of 24 by 24. Words beside them, or the button's label, say what they mean. */
import { h } from "./h.js";

const PATHS = {
  alert: "M12 8.5v4m0 3.5v.01M10.3 4 2.6 17.5A2 2 0 0 0 4.3 20.5h15.4a2 2 0 0 0 1.7-3L13.7 4a2 2 0 0 0-3.4 0Z",
  archive: "M4 8v10a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2V8M3 4h18v4H3zM10 12h4",
  at: "M16 8v5a3 3 0 0 0 6 0v-1a10 10 0 1 0-4 8M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0Z",
  back: "M19 12H5m6-6-6 6 6 6",
  bell: "M6 9a6 6 0 0 1 12 0c0 6 2.5 7.5 2.5 7.5h-17S6 15 6 9m4 11a2.2 2.2 0 0 0 4 0",
  block: "M5.7 5.7l12.6 12.6M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z",
  bolt: "M13 3 5 14h6l-1 7 9-11h-6z",
  chat: "M21 11.5a8.4 8.4 0 0 1-12.3 7.4L3 21l2.1-5.7A8.4 8.4 0 1 1 21 11.5Z",
  check: "m4.5 12.5 5 5 10-11",
  checks: "m1.5 12.5 5 5 10-11m-4.7 10.7.3.3 10-11",
  clock: "M12 7v5l3 2m6-2a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z",
  close: "M6 6l12 12M18 6 6 18",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  down: "m6 9 6 6 6-6",
  download: "M12 4v12m-5-5 5 5 5-5M4 20h16",
  edit: "M4 20h4L19.5 8.5a2.8 2.8 0 0 0-4-4L4 16v4m10-14 4 4",
  file: "M14 3v5h5m-5-5H6a1 1 0 0 0-1 1v16a1 1 0 0 0 1 1h12a1 1 0 0 0 1-1V8Z",
  flag: "M5 21V4s1.5-1 4-1 4 2 6.5 2S19 4 19 4v10s-1 1-3.5 1S11.5 13 9 13s-4 1-4 1",
  forward: "m15 5 6 6-6 6m6-6H10a7 7 0 0 0-7 7v1",
  group:
    "M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-7 10v-1a6 6 0 0 1 6-6h2a6 6 0 0 1 6 6v1m0-17.800a4 4 0 0 1 0 7.600M22 21v-1a6 6 0 0 0-4-5.6",
  image: "M4 4h16v16H4zM4 16l4.5-4.5 4 4L15 13l5 5M15.5 9.500v.01",
  info: "M12 11v5m0-8.500v.01M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z",
  link: "M10 14a4 4 0 0 0 5.7 0l3.5-3.500a4 4 0 0 0-5.7-5.700L12 6.300M14 10a4 4 0 0 0-5.7 0l-3.5 3.500a4 4 0 0 0 5.7 5.700l1.5-1.5",
  mic: "M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3Zm-7 8a7 7 0 0 0 14 0m-7 7v3",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  mute: "M11 5 6 9H3v6h3l5 4zM16 9l5 6m0-6-5 6",
  offline:
    "M3 3l18 18M8.5 16.500a5 5 0 0 1 7 0M5 13a10 10 0 0 1 4-2.400M19 13a10 10 0 0 0-5-2.800M2 9a15 15 0 0 1 4-2.600M22 9A15 15 0 0 0 10.5 5.100M12 20h.01",
  pause: "M8 5v14M16 5v14",
  phone: "M5 3h4l2 5-2.5 1.500a11 11 0 0 0 6 6L16 13l5 2v4a2 2 0 0 1-2 2A16 16 0 0 1 3 5a2 2 0 0 1 2-2",
  pin: "M12 16v5M8 3h8l-1 7 3 4v2H6v-2l3-4z",
  play: "M7 4.500v15l12-7.500z",
  plus: "M12 5v14M5 12h14",
  reply: "M9 5 3 11l6 6m-6-6h11a7 7 0 0 1 7 7v1",
  retry: "M20 5v5h-5M4 19v-5h5m10.5-4A8 8 0 0 0 6 6.700L4 9m16 6-2 2.300A8 8 0 0 1 4.5 14",
  search: "m20 20-4-4m2-5a7 7 0 1 1-14 0 7 7 0 0 1 14 0Z",
  send: "M4.5 12 3 4l18 8-18 8zm0 0H12",
  settings: "M4 7h10m4 0h2M4 17h2m4 0h10M16 5v4M8 15v4",
  smile: "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0ZM8 14s1.5 2 4 2 4-2 4-2M9 9.500v.01M15 9.500v.01",
  star: "m12 3.500 2.600 5.300 5.900.9-4.200 4.100 1 5.800-5.300-2.700-5.300 2.700 1-5.800-4.200-4.100 5.900-.9z",
  stop: "M7 7h10v10H7z",
  trash: "M4 7h16M10 11v6m4-6v6M6 7l1 13h10l1-13M9 7V4h6v3",
  user: "M12 12a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9Zm-8 9a8 8 0 0 1 16 0",
  video: "M3 6h12v12H3zm12 5 6-4v10l-6-4",
};

/** @typedef {keyof typeof PATHS} IconName */

/** @param {IconName} name @param {string} [className] */
export function icon(name, className) {
  return h(
    "svg",
    {
      class: className,
      viewBox: "0 0 24 24",
      fill: name === "play" || name === "stop" ? "currentColor" : "none",
      stroke: "currentColor",
      "stroke-width": name === "more" ? "3" : "1.9",
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
      "aria-hidden": "true",
    },
    h("path", { d: PATHS[name] }),
  );
}
