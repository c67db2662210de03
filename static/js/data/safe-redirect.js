// Address to go to after logging in: the page of this site that was asked for, or the first page. Pure.

/** Return the address if it is a page of this origin, otherwise the first page. @param {string | null} asked @param {string} origin @returns {string} a path on this origin */
export function safeRedirect(asked, origin) {
  if (!asked?.startsWith("/") || /^\/[/\\]|[\u0000-\u001f\\]/.test(asked)) return "/";
  const url = new URL(asked, origin);
  const loops = /^\/(login|first-admin)\b/.test(url.pathname);
  return url.origin === origin && !url.pathname.startsWith("//") && !loops ? url.pathname + url.search + url.hash : "/";
}
