/** What moderators do to people, as questions: suspend, warn, remove all that was written. */

/** @typedef {import("./kit.js").Area} Area */
/** @typedef {import("./form.js").Question} Question */
/** @typedef {{user_id?: string, report_id?: string}} About a person who is chosen already, and the report that the act decides */

const HOUR = 3_600_000;
const SPANS = [1, 24, 72, 168, 720, 8760];

/** @param {Area} area @param {About} about @returns {import("./form.js").Field[]} */
const person = (area, { user_id }) => [
  { name: "user_id", label: area.t("person"), kind: "person", isNeeded: true, ...(user_id ? { value: user_id } : {}) },
];

/** @param {Area} area @param {About} about @returns {import("./form.js").Field[]} */
export const resolution = (area, { report_id }) =>
  report_id ? [{ name: "resolution", label: area.t("resolution"), hint: area.t("resolution_hint"), max: 1000 }] : [];

/** The report that an act decides, with the words for the other moderators. @param {About} about @param {any} values */
export const deciding = ({ report_id }, { resolution: words }) =>
  report_id ? { report_id, ...(words?.trim() ? { resolution: words.trim() } : {}) } : {};

/** Hours in the greatest unit that holds them: `3 days`. @param {string} language @param {number} hours */
export function span(language, hours) {
  const [unit, value] =
    hours % 8760 === 0 ? ["year", hours / 8760] : hours % 24 ? ["hour", hours] : ["day", hours / 24];
  return new Intl.NumberFormat(language, { style: "unit", unit: String(unit), unitDisplay: "long" }).format(
    Number(value),
  );
}

/** @param {Area} area @param {About} about @param {() => unknown} done @returns {Question} */
export function suspending(area, about, done) {
  const spans = /** @type {[string, string][]} */ (SPANS.map((one) => [String(one), span(area.host.language, one)]));
  return {
    title: area.t("suspend_title"),
    text: area.t("suspend_ask"),
    act: area.t("suspend"),
    isDanger: true,
    fields: [
      ...person(area, about),
      {
        name: "scope",
        label: area.t("suspend_from"),
        kind: "select",
        options: [
          ["write", area.t("scope_write")],
          ["all", area.t("scope_all")],
        ],
        value: "write",
      },
      {
        name: "hours",
        label: area.t("how_long"),
        kind: "select",
        options: [...spans, ["", area.t("until")]],
        value: "24",
      },
      {
        name: "until",
        label: area.t("until"),
        kind: "datetime-local",
        isNeeded: true,
        when: ({ hours }) => hours === "",
      },
      { name: "reason", label: area.t("reason_read"), kind: "area", isNeeded: true },
      ...resolution(area, about),
    ],
    submit: async (values) => {
      const until = values["hours"]
        ? new Date(area.store.now() + Number(values["hours"]) * HOUR)
        : new Date(values["until"]);
      await area.rest("PUT", "/admin/suspensions/{user_id}", {
        path: { user_id: values["user_id"] },
        body: {
          until: until.toISOString(),
          reason: values["reason"].trim(),
          scope: values["scope"],
          ...deciding(about, values),
        },
      });
      area.host.tell(
        area.t("suspended_done", { name: area.name(values["user_id"]), time: area.short(until.toISOString()) }),
      );
      await done();
    },
  };
}

/** @param {Area} area @param {About} about @param {() => unknown} done @returns {Question} */
export function warning(area, about, done) {
  const client_id = crypto.randomUUID(); // the same for each try: the person is warned once
  return {
    title: area.t("warn_title"),
    text: area.t("warn_ask"),
    act: area.t("warn"),
    fields: [
      ...person(area, about),
      { name: "reason", label: area.t("reason_read"), kind: "area", isNeeded: true },
      ...resolution(area, about),
    ],
    submit: async (values) => {
      const { user_id, reason } = values;
      await area.rest("POST", "/admin/warnings", {
        body: { user_id, reason: reason.trim(), client_id, ...deciding(about, values) },
      });
      area.host.tell(area.t("warned_done", { name: area.name(user_id) }));
      await done();
    },
  };
}

/** @param {Area} area @param {About} about @param {() => unknown} done @returns {Question} */
export function removingAll(area, about, done) {
  const client_id = crypto.randomUUID(); // the same for each try: one job
  const spans = /** @type {[string, string][]} */ (
    [1, 24, 72, 168, 720].map((one) => [String(one), span(area.host.language, one)])
  );
  return {
    title: area.t("remove_all"),
    text: area.t("remove_all_ask"),
    act: area.t("remove_all_act"),
    isDanger: true,
    fields: [
      ...person(area, about),
      { name: "hours", label: area.t("written_within"), kind: "select", options: spans, value: "24" },
      { name: "reason", label: area.t("reason_kept"), kind: "area", isNeeded: true },
      ...resolution(area, about),
    ],
    submit: async (values) => {
      const { user_id, hours, reason } = values;
      await area.rest("POST", "/admin/removals", {
        body: { user_id, hours: Number(hours), reason: reason.trim(), client_id, ...deciding(about, values) },
      });
      area.host.tell(area.t("remove_all_done"));
      await done();
    },
  };
}
