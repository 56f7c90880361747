/**
 * How high the rows of a long list are, and so where each one is. Only rows that were on the screen are measured; the
 * others are estimated.
 *
 * @template T
 */
export class Rows {
  /** @type {readonly T[]} */
  items = [];
  /** @type {Map<string, number>} measured heights by key */
  #measured = new Map();
  #heights = new Float64Array(64);
  #tops = new Float64Array(65);
  /** The first row whose top is out of date. */
  #staleFrom = 0;
  #keyOf;
  #estimate;

  /** @param {(item: T) => string} keyOf @param {(item: T) => number} estimate */
  constructor(keyOf, estimate) {
    this.#keyOf = keyOf;
    this.#estimate = estimate;
  }

  get count() {
    return this.items.length;
  }

  /** Takes other items. Those that were there, by their keys, keep their heights. @param {readonly T[]} items */
  take(items) {
    const old = this.items;
    if (items === old) return;
    this.items = items;
    this.#grow(items.length);
    const first = old[0];
    const last = old.at(-1);
    const next = items[old.length - 1];
    const isLonger =
      first !== undefined &&
      last !== undefined &&
      next !== undefined &&
      this.#keyOf(first) === this.#keyOf(/** @type {T} */ (items[0])) &&
      this.#keyOf(last) === this.#keyOf(next);
    // At the end come new messages, one at a time; a page of older ones moves all rows, but comes rarely.
    const from = isLonger ? old.length : 0;
    for (let index = from; index < items.length; index++) {
      const item = /** @type {T} */ (items[index]);
      this.#heights[index] = this.#measured.get(this.#keyOf(item)) ?? this.#estimate(item);
    }
    this.#staleFrom = Math.min(this.#staleFrom, from);
  }

  /** Notes how high a row is. Returns whether that is news. @param {number} index @param {number} height */
  measure(index, height) {
    const item = this.items[index];
    if (item === undefined) return false;
    this.#measured.set(this.#keyOf(item), height);
    if (Math.abs(/** @type {number} */ (this.#heights[index]) - height) < 0.5) return false;
    this.#heights[index] = height;
    this.#staleFrom = Math.min(this.#staleFrom, index);
    return true;
  }

  /** Forgets what was measured, for another width: what is there is an estimate from now on. */
  forget() {
    this.#measured.clear();
  }

  /** @param {number} index of a row, or the number of rows for the end of the list */
  top(index) {
    if (this.#staleFrom < this.count) {
      for (let at = this.#staleFrom; at < this.count; at++) {
        this.#tops[at + 1] = /** @type {number} */ (this.#tops[at]) + /** @type {number} */ (this.#heights[at]);
      }
      this.#staleFrom = this.count;
    }
    return /** @type {number} */ (this.#tops[Math.max(0, Math.min(index, this.count))]);
  }

  /** The row at a distance from the list's beginning; the first or the last one beyond. @param {number} y */
  at(y) {
    let low = 0;
    let high = this.count - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.top(middle) <= y) low = middle;
      else high = middle - 1;
    }
    return Math.max(0, low);
  }

  /** @param {number} count */
  #grow(count) {
    if (count <= this.#heights.length) return;
    const size = 2 ** Math.ceil(Math.log2(count + 1));
    const heights = new Float64Array(size);
    heights.set(this.#heights);
    const tops = new Float64Array(size + 1);
    tops.set(this.#tops);
    this.#heights = heights;
    this.#tops = tops;
  }
}
