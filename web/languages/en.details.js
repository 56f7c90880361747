/** English of what `<parley-details>` brings. */
/** @type {import("../components/base/languages.js").Words} */
export default {
  group_description: "What the group is for",
  posting_admins: "Only admins can write",
  forget: "Clear the history",
  forget_ask: "All messages so far vanish for you, on all of your devices. The others keep them.",
  dissolve: "Dissolve the group",
  dissolve_ask: "The group ends for all of its members. Nobody can open it again.",
};
