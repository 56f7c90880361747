/** Files that a person has chosen: those that may be sent, and why the others may not. */
import { cut, size } from "../base/names.js";

const MOST_NOTES = 4;

/**
 * @param {import("../base/element.js").ParleyElement} host
 * @param {File[]} held those that were chosen before
 * @param {Iterable<File>} files
 * @returns {{files: File[], notes: string[]}}
 */
export function choose(host, held, files) {
  const limits = host.store?.["limits"]?.attachments;
  const taken = [...held];
  /** @type {Set<string>} */
  const notes = new Set();
  for (const file of files) {
    const name = cut(file.name, 60);
    const type = (file.type.split(";")[0] ?? "").toLowerCase();
    if (limits && taken.length >= limits.per_message) notes.add(host.t("files_many", { count: limits.per_message }));
    else if (file.size === 0) notes.add(host.t("file_empty", { name }));
    else if (limits && file.size > limits.bytes)
      notes.add(host.t("file_large", { name, size: size(limits.bytes, host.language) }));
    else if (limits && !limits.types.includes(type)) notes.add(host.t("file_type", { name }));
    else taken.push(file);
  }
  return { files: taken, notes: [...notes].slice(0, MOST_NOTES) };
}
