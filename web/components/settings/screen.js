/** The screen of `<parley-settings>`: this device, what a person is told of and when, their privacy, their devices and their exports. */
import words from "../../languages/en.settings.js";
import { avatar } from "../base/avatar.js";
import { define, ParleyElement } from "../base/element.js";
import { h } from "../base/h.js";
import { icon } from "../base/icons.js";
import { bringWords } from "../base/languages.js";
import { switches, toggle } from "../base/switches.js";
import { exact, relative } from "../base/times.js";
import { ofDevice, setDevice } from "../notify/device.js";
import { canPush, renew, turnOff, turnOn } from "../notify/push.js";
import { isQuiet, preferencesOf } from "../notify/quiet.js";
import { play } from "../notify/sound.js";
import { nameOf } from "../thread/system.js";
import { Exports } from "./exports.js";
import { hoursOf, quietEditor, rulesOf } from "./hours.js";
import { settings } from "./styles.js";

/** @typedef {import("../base/contract.d.ts").Store} Store */
/** @typedef {import("../base/h.js").Content} Content */
/** @typedef {import("./hours.js").Rule} Rule */
/** @typedef {"preferences" | "blocks" | "devices"} Part what is read by itself */
/** @typedef {{data: any, error: unknown}} Read */

bringWords(words);

const KINDS = ["message", "mention", "reaction", "missed_call", "ticket", "invitation"];
const CHANNELS = ["in_app", "push", "email"];
const LANGUAGES = ["en", "es", "fr", "de", "ar"]; // of the server's texts
const HOUR = 3_600_000;
const ROUTES = {
  preferences: "/me/notification-preferences",
  blocks: "/me/blocks",
  devices: "/me/devices",
};

class ParleySettingsScreen extends ParleyElement {
  /** @override */
  static styles = [switches, settings];
  /** @override */
  static attributes = ["worker", "page"];

  /** @type {Map<Part, Read>} */
  #parts = new Map();
  /** @type {Rule[] | null} quiet hours that are not saved yet */
  #rules = null;
  #zone = "";
  /** How many changes of preferences there were. */
  #turn = 0;
  #said = "";
  /** @type {Exports | null} */
  #exports = null;
  /** @type {Store | null} */
  #of = null;

  /** @override */
  connectedCallback() {
    super.connectedCallback();
    this.gone.signal.addEventListener("abort", () => {
      this.#exports?.end();
      this.#of = null;
    });
  }

  /** @param {Store} store @override */
  view(store) {
    this.#follow(store);
    return h(
      "div",
      { class: "all" },
      this.problemBar(),
      this.offlineBar(store),
      h("p", { class: "hidden", role: "status" }, this.#said),
      this.#device(store),
      this.#told(store),
      this.#quiet(store),
      this.#person(store),
      this.#blocked(store),
      this.#devices(store),
      this.#exports?.view(),
    );
  }

  /** @param {Store} store */
  #follow(store) {
    if (this.#of === store || store.connection.status !== "online") return;
    this.#of = store;
    this.#parts.clear();
    this.#rules = null;
    this.#exports?.end();
    this.#exports = new Exports(this, store);
    for (const part of /** @type {Part[]} */ (Object.keys(ROUTES))) void this.#read(store, part);
    if (!store.me) void this.attempt(() => store["loadMe"]());
  }

  /** @param {Store} store @param {Part} part @param {string} [cursor] */
  async #read(store, part, cursor) {
    const known = this.#parts.get(part)?.data;
    try {
      const data = await store.client.rest("GET", ROUTES[part], { query: cursor ? { cursor } : {} });
      if (part === "blocks" && cursor) data.blocks = [...known.blocks, ...data.blocks];
      this.#take(store, part, data);
    } catch (error) {
      this.#parts.set(part, { data: known, error });
    }
    this.update();
  }

  /** Does what the person asked for, and says that it is done. @param {() => Promise<boolean | void>} act false: the browser did not let it */
  async #do(act) {
    this.#said = "";
    const done = await this.attempt(async () => (await act()) !== false);
    if (done) this.#said = this.t("saved");
    this.update(); // also after a failure: a switch goes back to what holds
    return !!done;
  }

  /** Changes preferences. They are shown at once: the answer to the change before would turn a switch back. @param {Store} store @param {object} body */
  #prefer(store, body) {
    const turn = ++this.#turn;
    const before = this.#parts.get("preferences")?.data;
    this.#parts.set("preferences", { data: merged(before, body), error: null });
    return this.#do(async () => {
      try {
        const data = await store.client.rest("PATCH", ROUTES.preferences, { body });
        if (turn === this.#turn) this.#take(store, "preferences", data);
      } catch (error) {
        this.#parts.set("preferences", { data: before, error: null });
        throw error;
      }
    });
  }

  /** @param {Store} store @param {Part} part @param {any} data */
  #take(store, part, data) {
    this.#parts.set(part, { data, error: null });
    if (part === "preferences") preferencesOf.set(store["userId"], { data, at: Date.now() }); // sounds keep to them
  }

  /** @param {Store} store @param {object} body */
  #set(store, body) {
    return this.#do(async () => {
      await store.client.rest("PATCH", "/me", { body });
      await store["loadMe"]();
    });
  }

  // --- Pieces --------------------------------------------------------------------------------------------------------

  /** @param {string} key @param {import("../base/icons.js").IconName} picture @param {string} title @param {...Content} content */
  #section(key, picture, title, ...content) {
    return h(
      "section",
      { key, part: "section", "aria-labelledby": key },
      h("h3", { id: key }, icon(picture), title),
      content,
    );
  }

  /** What a part shows, or that it is on its way, or why it did not come. @param {Store} store @param {Part} part @param {(data: any) => Content} draw */
  #part(store, part, draw) {
    const read = this.#parts.get(part);
    if (read?.data) return draw(read.data);
    if (!read) return this.loading(2);
    return [
      h("p", { class: "note", role: "alert" }, this.because(read.error)),
      h(
        "div",
        { class: "acts" },
        this.retry(() => void this.#read(store, part)),
      ),
    ];
  }

  /** @param {string} words @param {Content} hint @param {boolean} isOn @param {(isOn: boolean) => void} change @param {boolean} [disabled] */
  #switch(words, hint, isOn, change, disabled) {
    const id = `hint-${words}`;
    return h(
      "label",
      { key: words, class: "line switch" },
      h("span", null, h("b", null, this.t(words)), hint && h("span", { class: "hint", id }, hint)),
      toggle(isOn, change, { disabled, "aria-label": this.t(words), "aria-describedby": hint ? id : null }),
    );
  }

  // --- This device ---------------------------------------------------------------------------------------------------

  /** @param {Store} store */
  #device(store) {
    const { sounds, desktop, push } = ofDevice();
    const key = store.me?.notifications.web_push_public_key;
    const isPushed = push?.user === store["userId"];
    const permission = "Notification" in window ? Notification.permission : null;
    return this.#section(
      "device",
      "settings",
      this.t("this_device"),
      this.#switch("sounds", this.t("sounds_hint"), sounds, (isOn) => {
        setDevice({ sounds: isOn });
        if (isOn) play();
        void renew(store).catch(() => {}); // the worker learns of it at the next start, too
        this.update();
      }),
      this.#switch(
        "desktop",
        this.t(permission === null ? "desktop_none" : "desktop_hint"),
        desktop && permission === "granted",
        (isOn) => void this.#do(() => this.#setDesktop(isOn)),
        permission === null,
      ),
      this.#switch(
        "push",
        this.t(canPush() ? (key === null ? "push_unavailable" : "push_hint") : "push_none"),
        isPushed && permission === "granted",
        (isOn) => void this.#do(() => this.#setPush(store, isOn)),
        !canPush() || (!key && !isPushed),
      ),
      permission === "denied" && h("p", { class: "note", key: "denied" }, this.t("desktop_denied")),
    );
  }

  /** @param {boolean} isOn */
  async #setDesktop(isOn) {
    // Only here, after a click, is the person ever asked.
    const isAllowed = !isOn || (await Notification.requestPermission()) === "granted";
    setDevice({ desktop: isOn && isAllowed });
    return isAllowed;
  }

  /** @param {Store} store @param {boolean} isOn */
  async #setPush(store, isOn) {
    let isAllowed = true;
    if (isOn) {
      const [worker, page] = [this.getAttribute("worker"), this.getAttribute("page")];
      isAllowed = await turnOn(store, { worker, page, words: this.t("new_messages") });
    } else await turnOff(store);
    await this.#read(store, "devices");
    return isAllowed;
  }

  // --- What a person is told of, and when ------------------------------------------------------------------------------

  /** @param {Store} store */
  #told(store) {
    return this.#section(
      "told",
      "at",
      this.t("told_of"),
      this.#part(store, "preferences", (preferences) => [
        this.#mailState(store, preferences),
        h(
          "table",
          { class: "kinds" },
          h(
            "thead",
            null,
            h(
              "tr",
              null,
              h("td", null),
              CHANNELS.map((channel) => h("th", { scope: "col", id: channel }, this.t(`channel_${channel}`))),
            ),
          ),
          h(
            "tbody",
            null,
            KINDS.map((kind) => this.#kind(store, preferences, kind)),
          ),
        ),
        this.#switch(
          "previews",
          this.t("previews_hint"),
          preferences.previews,
          (previews) => void this.#prefer(store, { previews }),
        ),
      ]),
    );
  }

  /** @param {Store} store @param {any} preferences @param {string} kind */
  #kind(store, preferences, kind) {
    const name = this.t(`kind_${kind}`);
    return h(
      "tr",
      { key: kind },
      h("th", { scope: "row" }, name),
      CHANNELS.map((channel) =>
        h(
          "td",
          { key: channel },
          h(
            "label",
            null,
            h("input", {
              type: "checkbox",
              "aria-label": `${name}: ${this.t(`channel_${channel}`)}`,
              checked: preferences.channels[channel][kind],
              disabled: channel === "email" && preferences.email_state === "unavailable",
              onchange: (/** @type {any} */ { target }) =>
                void this.#prefer(store, { channels: { [channel]: { [kind]: target.checked } } }),
            }),
          ),
        ),
      ),
    );
  }

  /** @param {Store} store @param {any} preferences */
  #mailState(store, { email_state, channels }) {
    if (email_state === "on") return null;
    const canReturn = !/^(unavailable|no_address)$/.test(email_state);
    return h(
      "div",
      { class: "note form", key: "mail" },
      h("p", null, this.t(`email_${email_state}`)),
      canReturn &&
        h(
          "div",
          { class: "acts" },
          h(
            "button",
            {
              type: "button",
              class: "button",
              onclick: () => void this.#prefer(store, { channels: { email: { ...channels.email, message: true } } }),
            },
            this.t("email_again"),
          ),
        ),
    );
  }

  /** @param {Store} store */
  #quiet(store) {
    return this.#section(
      "quiet",
      "clock",
      this.t("quiet_hours"),
      h("p", { class: "hint" }, this.t("quiet_hint")),
      this.#part(store, "preferences", (preferences) => {
        const { quiet_hours, exceptions } = preferences;
        const zone = this.#zone || quiet_hours?.time_zone || store.me?.time_zone || own();
        const rules = this.#rules ?? rulesOf(quiet_hours);
        const change = (/** @type {Rule[]} */ next) => {
          this.#rules = next;
          this.update();
        };
        return [
          this.#disturb(store, preferences),
          quietEditor(this, rules, change),
          h(
            "div",
            { class: "acts" },
            h(
              "button",
              {
                type: "button",
                class: "button",
                disabled: rules.length >= 5,
                onclick: () =>
                  change([...rules, { from: "22:00", to: "07:00", days: rules.length ? [] : [0, 1, 2, 3, 4, 5, 6] }]),
              },
              icon("plus"),
              this.t("quiet_add"),
            ),
            (this.#rules || this.#zone) &&
              h(
                "button",
                { type: "button", class: "button main", onclick: () => void this.#saveQuiet(store, rules, zone) },
                this.t("save"),
              ),
          ),
          rules.length > 0 &&
            this.#zones(zone, (picked) => {
              this.#zone = picked;
              this.update();
            }),
          h("h4", null, this.t("exceptions")),
          ["mention", "urgent_ticket"].map((one) =>
            this.#switch(
              `except_${one}`,
              null,
              exceptions[one],
              (isOn) => void this.#prefer(store, { exceptions: { [one]: isOn } }),
            ),
          ),
        ];
      }),
    );
  }

  /** @param {Store} store @param {any} preferences */
  #disturb(store, preferences) {
    const until = preferences.do_not_disturb_until;
    const now = store["now"]();
    if (until && Date.parse(until) > now) {
      return h(
        "div",
        { class: "line", key: "disturb" },
        h("span", null, this.t("quiet_until", { time: exact(until, { language: this.language }) })),
        h(
          "button",
          { type: "button", class: "button", onclick: () => void this.#prefer(store, { do_not_disturb_until: null }) },
          this.t("quiet_end"),
        ),
      );
    }
    const ahead = (/** @type {number} */ hours) => new Date(now + hours * HOUR).toISOString();
    return h(
      "div",
      { class: "form", key: "disturb" },
      isQuiet(preferences, now) && h("p", { class: "note" }, this.t("quiet_now")),
      h("h4", { id: "pause" }, this.t("pause_all")),
      h(
        "div",
        { class: "acts", role: "group", "aria-labelledby": "pause" },
        [1, 8, 24].map((count) =>
          h(
            "button",
            {
              key: count,
              type: "button",
              class: "button",
              onclick: () => void this.#prefer(store, { do_not_disturb_until: ahead(count) }),
            },
            this.t("hours", { count }),
          ),
        ),
      ),
    );
  }

  /** @param {Store} store @param {Rule[]} rules @param {string} time_zone */
  async #saveQuiet(store, rules, time_zone) {
    const days = hoursOf(rules);
    const isDone = await this.#prefer(store, { quiet_hours: days ? { time_zone, days } : null });
    if (!isDone) return; // what was written stays, to be mended
    this.#rules = null;
    this.#zone = "";
    this.update();
  }

  /** @param {string} value @param {(zone: string) => void} change */
  #zones(value, change) {
    const all = Intl.supportedValuesOf?.("timeZone") ?? [];
    const known = all.includes(value) ? all : [value, ...all];
    return h(
      "div",
      { class: "form" },
      h(
        "label",
        null,
        this.t("time_zone"),
        h(
          "select",
          { class: "field", value, onchange: (/** @type {any} */ { target }) => change(target.value) },
          known.map((zone) => h("option", { key: zone, value: zone }, zone.replaceAll("_", " "))),
        ),
      ),
    );
  }

  // --- The person ----------------------------------------------------------------------------------------------------

  /** @param {Store} store */
  #person(store) {
    const { me } = store;
    if (!me) return null;
    const names = new Intl.DisplayNames(this.language, { type: "language" });
    const locale = me.locale?.split("-")[0] ?? "";
    const tags = !locale || LANGUAGES.includes(locale) ? LANGUAGES : [...LANGUAGES, locale];
    return this.#section(
      "person",
      "user",
      this.t("privacy_language"),
      this.#switch(
        "show_last_seen",
        this.t("show_last_seen_hint"),
        me.show_last_seen,
        (show_last_seen) => void this.#set(store, { show_last_seen }),
      ),
      h(
        "div",
        { class: "form" },
        h(
          "label",
          null,
          this.t("language_of_texts"),
          h(
            "select",
            {
              class: "field",
              value: locale || "account",
              onchange: (/** @type {any} */ { target }) =>
                void this.#set(store, { locale: target.value === "account" ? null : target.value }),
            },
            h("option", { value: "account" }, this.t("as_account")),
            tags.map((tag) => h("option", { key: tag, value: tag }, names.of(tag) ?? tag)),
          ),
        ),
      ),
      this.#zones(me.time_zone ?? own(), (time_zone) => void this.#set(store, { time_zone })),
    );
  }

  /** @param {Store} store */
  #blocked(store) {
    return this.#section(
      "blocked",
      "block",
      this.t("blocked_people"),
      this.#part(store, "blocks", ({ blocks, next }) => [
        blocks.length === 0
          ? h("p", { class: "hint" }, this.t("blocked_none"))
          : h(
              "ul",
              { class: "rows", role: "list" },
              blocks.map((/** @type {any} */ { user_id }) => {
                const name = nameOf(this, store, user_id);
                return h(
                  "li",
                  { key: user_id },
                  avatar({ ...store.user(user_id), id: user_id }),
                  h("span", { class: "what" }, h("bdi", null, name)),
                  h(
                    "button",
                    {
                      type: "button",
                      class: "button",
                      "aria-label": this.t("unblock_name", { name }),
                      onclick: () =>
                        void this.#do(async () => {
                          await store["block"](user_id, false);
                          await this.#read(store, "blocks");
                        }),
                    },
                    this.t("unblock"),
                  ),
                );
              }),
            ),
        next &&
          h(
            "button",
            { type: "button", class: "button", onclick: () => void this.#read(store, "blocks", next) },
            this.t("show_more"),
          ),
      ]),
    );
  }

  /** @param {Store} store */
  #devices(store) {
    return this.#section(
      "devices",
      "bell",
      this.t("devices"),
      h("p", { class: "hint" }, this.t("devices_hint")),
      this.#part(store, "devices", ({ devices }) =>
        devices.length === 0
          ? h("p", { class: "hint" }, this.t("devices_none"))
          : h(
              "ul",
              { class: "rows", role: "list" },
              devices.map((/** @type {any} */ device) => this.#deviceRow(store, device)),
            ),
      ),
    );
  }

  /** @param {Store} store @param {any} device */
  #deviceRow(store, { device_id, kind, registered_at, fault }) {
    const reader = { language: this.language, now: store["now"]() };
    const name = deviceName(device_id) ?? this.t(`device_${kind}`);
    const isThis = ofDevice().push?.id === device_id;
    return h(
      "li",
      { key: device_id },
      h(
        "span",
        null,
        h("span", { class: "what" }, h("bdi", null, name), isThis && ` · ${this.t("this_device")}`),
        h(
          "span",
          { class: "hint", title: exact(registered_at, reader) },
          this.t("device_since", { time: relative(registered_at, reader) }),
        ),
        fault &&
          h(
            "span",
            { class: "danger" },
            this.t(`fault_${fault.state}`, { answer: fault.answer, time: relative(fault.since, reader) }),
          ),
      ),
      h(
        "button",
        {
          type: "button",
          class: "button",
          "aria-label": this.t("remove_name", { name }),
          onclick: () => void this.#do(() => this.#remove(store, device_id)),
        },
        this.t("remove"),
      ),
    );
  }

  /** @param {Store} store @param {string} device_id */
  async #remove(store, device_id) {
    if (ofDevice().push?.id === device_id) await turnOff(store);
    else await store.client.rest("DELETE", "/me/devices/{device_id}", { path: { device_id } });
    await this.#read(store, "devices");
  }
}

/** As the server merges a change. @param {any} value @param {any} change @returns {any} */
function merged(value, change) {
  if (!change || typeof change !== "object" || Array.isArray(change)) return change;
  const made = { ...value };
  for (const [name, inner] of Object.entries(change))
    made[name] = name === "quiet_hours" ? inner : merged(made[name], inner); // these are replaced whole
  return made;
}

/** The time zone of this device. */
const own = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** What a browser called itself as it was registered: its id begins with that. @param {string} id */
export function deviceName(id) {
  const [mark, browser, system] = id.split(":");
  if (mark !== "web" || !browser) return null;
  return [browser, system].filter(Boolean).join(" · ").replaceAll("_", " ");
}

define("parley-settings-screen", ParleySettingsScreen);
