// Lists of texts that this browser keeps by name. A browser that denies storage keeps none.

/** Return the list of a name, empty if there is none. @param {string} name @returns {string[]} */
export function read(name) {
  try {
    const value = JSON.parse(localStorage.getItem(name) ?? "[]");
    return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
  } catch {
    return [];
  }
}

/** Keep a list under a name. @param {string} name @param {string[]} texts */
export function write(name, texts) {
  try {
    localStorage.setItem(name, JSON.stringify(texts));
  } catch {
    return; // storage is denied: nothing is remembered
  }
}
