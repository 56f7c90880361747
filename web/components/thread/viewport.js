import { Rows } from "./rows.js";

const AT_END = 32; // pixels from the end that still count as being there

/**
 * What of a long list is on the screen: which rows have to be drawn, and where the list stands. The row at the top of the screen stays where
 * it is, whatever comes or grows above it; at the end the list follows what comes.
 *
 * @template T
 */
export class Viewport {
  start = 0;
  end = 0;
  isAtEnd = true;
  /** Whether nothing is known to come after the last item: else its end is not the end, which is followed. */
  hasEnd = true;
  /** @type {HTMLElement | null} what scrolls: its children are a spacer, the rows' element, a spacer, and what follows */
  scroller = null;
  /** The row that stays, and how far below an edge of it the screen begins. @type {{key: string, offset: number, isByEnd: boolean} | null} */
  #anchor = null;
  #anchorIndex = 0;
  #width = 0;
  /** Where the list stood when it was last looked at. */
  #y0 = 0;
  /** Whether it was told where to stand since then. */
  #isTold = false;
  #keyOf;

  /** @param {(item: T) => string} keyOf @param {(item: T) => number} estimate */
  constructor(keyOf, estimate) {
    this.#keyOf = keyOf;
    this.rows = new Rows(keyOf, estimate);
  }

  /** Begins again, at the end of another list. */
  reset() {
    this.rows.take([]);
    this.#anchor = null;
    this.isAtEnd = true;
    this.start = this.end = 0;
  }

  /** Takes the items, and decides which to draw. @param {readonly T[]} items */
  take(items) {
    this.rows.take(items);
    this.#find();
    this.#choose();
  }

  /** The list was scrolled. Returns whether other rows have to be drawn. */
  scrolled() {
    const { scroller } = this;
    if (!scroller || this.rows.count === 0) return false;
    const y = scroller.scrollTop;
    this.#y0 = y;
    this.isAtEnd = this.hasEnd && scroller.scrollHeight - scroller.clientHeight - y < AT_END;
    this.#anchorIndex = this.rows.at(y);
    // By its end, because a day's name above it may go when older messages come.
    this.#hold(true, y);
    return this.#choose();
  }

  /** Stands so that a row is at a place of the screen, once it is drawn. @param {number} index @param {number} share of the screen above it */
  show(index, share) {
    const height = this.scroller?.clientHeight || 400;
    this.#isTold = true;
    this.isAtEnd = false;
    this.#anchorIndex = index;
    this.#hold(false, this.rows.top(index) - height * share);
    this.#choose();
  }

  /** Keeps the top of a row where it is, because its end is about to move. @param {number} index */
  keep(index) {
    this.#isTold = true;
    this.isAtEnd = false;
    this.#anchorIndex = index;
    this.#hold(false, this.scroller?.scrollTop ?? 0);
  }

  showEnd() {
    this.#isTold = this.isAtEnd = true;
    this.#choose();
  }

  /** Takes the heights of what was drawn, and puts the list where it has to stand. Returns whether more rows have to be drawn. */
  settle() {
    const { scroller, rows } = this;
    const [before, list, after] = /** @type {HTMLElement[]} */ ([...(scroller?.children ?? [])]);
    if (!scroller || !before || !list || !after || scroller.clientHeight === 0) return false;
    const now = scroller.scrollTop;
    // It was scrolled, and the event is still to come; a list that has become shorter is at its end by itself.
    const isShorter = now >= scroller.scrollHeight - scroller.clientHeight - 1;
    if (!this.#isTold && !isShorter && Math.abs(now - this.#y0) > 1) this.scrolled();
    this.#isTold = false;
    if (scroller.clientWidth !== this.#width) {
      this.#width = scroller.clientWidth;
      rows.forget();
    }
    let index = this.start;
    for (const row of list.children) rows.measure(index++, row.getBoundingClientRect().height);
    before.style.blockSize = `${rows.top(this.start)}px`;
    after.style.blockSize = `${rows.top(rows.count) - rows.top(this.end)}px`;
    const most = scroller.scrollHeight - scroller.clientHeight;
    const y = this.isAtEnd ? most : Math.max(0, Math.min(most, this.#y()));
    if (Math.abs(now - y) > 0.5) scroller.scrollTop = y;
    this.#y0 = scroller.scrollTop;
    // Whatever was asked for: with the last row drawn and nothing below the screen, this is the end.
    const comesToEnd = this.hasEnd && !this.isAtEnd && this.end === rows.count && most - this.#y0 < AT_END;
    if (comesToEnd) this.isAtEnd = true;
    return this.#choose() || comesToEnd;
  }

  /** The last row whose end is on the screen, or -1. */
  lastSeen() {
    const { scroller, rows } = this;
    if (!scroller || rows.count === 0) return -1;
    const box = scroller.getBoundingClientRect();
    const bottom = scroller.scrollTop + Math.min(box.bottom, innerHeight) - box.top;
    if (Math.min(box.bottom, innerHeight) - Math.max(box.top, 0) < 40) return -1;
    const index = rows.at(bottom + 4);
    if (rows.top(index + 1) <= bottom + 4) return index;
    // A row that is higher than the screen is seen when it fills it.
    return rows.top(index) <= scroller.scrollTop ? index : index - 1;
  }

  /** @param {boolean} isByEnd @param {number} y where the screen begins */
  #hold(isByEnd, y) {
    const item = this.rows.items[this.#anchorIndex];
    const edge = this.rows.top(this.#anchorIndex + (isByEnd ? 1 : 0));
    this.#anchor = item === undefined ? null : { key: this.#keyOf(item), offset: y - edge, isByEnd };
  }

  /** Where the screen has to begin, if not at the end. */
  #y() {
    const { offset = 0, isByEnd = false } = this.#anchor ?? {};
    return this.rows.top(this.#anchorIndex + (isByEnd ? 1 : 0)) + offset;
  }

  /** Finds the anchor among other items: it is near where it was, counted from the beginning or from the end. */
  #find() {
    const { items, count } = this.rows;
    const { key } = this.#anchor ?? {};
    if (key === undefined) return;
    const isThere = (/** @type {number} */ index) =>
      items[index] !== undefined && this.#keyOf(/** @type {T} */ (items[index])) === key;
    if (isThere(this.#anchorIndex)) return;
    const found = items.findIndex((_item, index) => isThere(index));
    this.#anchorIndex = found >= 0 ? found : Math.min(this.#anchorIndex, count - 1);
  }

  /** Returns whether the rows that are drawn no longer do. */
  #choose() {
    const { rows, scroller } = this;
    const height = scroller?.clientHeight || 800;
    const whole = rows.top(rows.count);
    const top = this.isAtEnd ? Math.max(0, whole - height) : this.#y();
    const [wantedStart, wantedEnd] = this.#between(top - height * 0.4, top + height * 1.4);
    if (wantedStart >= this.start && wantedEnd <= this.end && this.end <= rows.count && this.end - this.start < 200)
      return false;
    const [start, end] = this.#between(top - height * 0.9, top + height * 1.9);
    const isOther = start !== this.start || end !== this.end;
    this.start = start;
    this.end = end;
    return isOther;
  }

  /** @param {number} from @param {number} to @returns {[number, number]} */
  #between(from, to) {
    const { rows } = this;
    return rows.count === 0 ? [0, 0] : [rows.at(from), Math.min(rows.count, rows.at(to) + 1)];
  }
}
