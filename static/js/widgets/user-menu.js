// Menu of the user at the top right: profile, administration, logging out, or a link to log in.

import { api } from "../client/http.js";
import { button, h, hidden } from "./dom.js";
import { LiveElement } from "./live-element.js";
import { currentUser, initialsBadge, loginUrl } from "./user.js";

/** @import { CurrentUser } from "./user.js" */

export class UserMenu extends LiveElement {
  connected() {
    const me = currentUser();
    if (!me) return; // the server has no users
    if (me.kind === "user" || me.kind === "local") this.showMenu(me);
    else this.replaceChildren(h("a", { class: "quiet", href: loginUrl(), text: "Log in" }));
  }

  /** @param {CurrentUser} me */
  showMenu(me) {
    const name = me.user?.name || me.user?.id || "Operator";
    this.list = h("div", { class: "menu", id: "user-menu", hidden: "" }, h("p", {}, h("b", { text: name }), h("span", { text: me.kind === "local" ? `at this machine · ${me.role}` : me.role })));
    if (me.kind === "user") this.list.append(h("a", { href: "/profile", text: "Profile" }));
    const operates = me.role === "admin" || me.role === "operator";
    if (operates) this.list.append(h("a", { href: "/feeders", text: "Feeders" }));
    if (operates) this.list.append(h("a", { href: "/admin", text: "Administration" }));
    this.list.append(me.kind === "user" ? button("Log out", () => this.logOut(), { class: "" }) : h("a", { href: loginUrl(), text: "Log in as somebody" }));
    this.opener = button("", () => this.toggle(), { class: "sign", "aria-expanded": "false", "aria-controls": "user-menu" });
    this.opener.append(initialsBadge({ name }), hidden(`${name}: menu`));
    this.replaceChildren(this.opener, this.list);
    const { signal } = this.listening;
    this.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.list?.hidden) return;
      event.stopPropagation();
      this.toggle(false);
      this.opener?.focus();
    }, { signal });
    document.addEventListener("click", (event) => !this.contains(/** @type {Node} */ (event.target)) && this.toggle(false), { signal });
    this.addEventListener("focusout", (event) => event.relatedTarget && !this.contains(/** @type {Node} */ (event.relatedTarget)) && this.toggle(false), { signal });
  }

  toggle(open = Boolean(this.list?.hidden)) {
    if (!this.list || !this.opener) return;
    this.list.hidden = !open;
    this.opener.setAttribute("aria-expanded", String(open));
    if (open) /** @type {HTMLElement | null} */ (this.list.querySelector("a, button"))?.focus();
  }

  async logOut() {
    await api("POST", "/api/v1/logout").catch(() => {}); // the session may have ended already: the next page shows it
    location.assign("/login");
  }
}
customElements.define("user-menu", UserMenu);
