// Who is logged in, at the top right: profile, administration, logging out; or the way to log in.

import { api } from "../client/http.js";
import { button, h } from "./dom.js";
import { initialsSign, loginAddress, whoAmI } from "./who.js";

export class UserMenu extends HTMLElement {
  constructor() {
    super();
    this.listening = new AbortController();
  }

  connectedCallback() {
    this.listening = new AbortController();
    const me = whoAmI();
    if (!me) return; // this server knows no people
    if (me.kind === "user" || me.kind === "local") this.showMenu(me);
    else this.replaceChildren(h("a", { class: "quiet", href: loginAddress(), text: "Log in" }));
  }

  disconnectedCallback() {
    this.listening.abort();
  }

  /** @param {import("./who.js").Me} me */
  showMenu(me) {
    const name = me.user?.name || me.user?.id || "Operator";
    this.list = h("div", { class: "menu", id: "user-menu", hidden: "" }, h("p", {}, h("b", { text: name }), h("span", { text: me.kind === "local" ? `at this machine · ${me.role}` : me.role })));
    if (me.kind === "user") this.list.append(h("a", { href: "/profile", text: "Profile" }));
    const operates = me.role === "admin" || me.role === "operator";
    if (operates) this.list.append(h("a", { href: "/feeders", text: "Feeders" }));
    if (operates) this.list.append(h("a", { href: "/admin", text: "Administration" }));
    this.list.append(me.kind === "user" ? button("Log out", () => this.logOut(), { class: "" }) : h("a", { href: loginAddress(), text: "Log in as somebody" }));
    this.opener = button("", () => this.toggle(), { class: "sign", "aria-label": `${name}: menu`, "aria-expanded": "false", "aria-controls": "user-menu" });
    this.opener.append(initialsSign({ name }));
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
    await api("POST", "/api/v1/logout").catch(() => {}); // over already: the page that follows shows it
    location.assign("/login");
  }
}
customElements.define("user-menu", UserMenu);
