// Page for making the first administrator, by the one-time link that the server prints.

import { ApiError, api } from "../client/http.js";
import { byId } from "../widgets/dom.js";
import { onSubmit } from "../widgets/form.js";
import "./header.js";

const code = new URLSearchParams(location.search).get("code") ?? "";
history.replaceState(null, "", location.pathname); // the link is a secret, so it must not stay in the history
onSubmit(byId("first", HTMLFormElement), async ({ id, name, password, again }) => {
  if (password !== again) throw new ApiError(0, "invalid", "is not the same", "again");
  await api("POST", "/api/v1/first-admin", { code, id, name: name || id, password });
  location.replace("/");
});
