// Where to go after logging in: a page of this site that was asked for, or the first one. Pure.

/** @param {string | null} asked @param {string} origin @returns {string} a path on this origin */
export function samePlace(asked, origin) {
  if (!asked?.startsWith("/") || /^\/[/\\]|[\u0000-\u001f\\]/.test(asked)) return "/";
  const url = new URL(asked, origin);
  const loops = /^\/(login|first-admin)\b/.test(url.pathname);
  return url.origin === origin && !url.pathname.startsWith("//") && !loops ? url.pathname + url.search + url.hash : "/";
}
