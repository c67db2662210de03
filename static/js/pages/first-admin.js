// The first administrator, by the one-time link that the server printed.

import { ApiError, api } from "../client/http.js";
import { onSubmit } from "../widgets/form.js";
import { at } from "./plain.js";

const code = new URLSearchParams(location.search).get("code") ?? "";
history.replaceState(null, "", location.pathname); // the link is a secret: it stays in no history
at("no-code").hidden = code !== "";
at("first").hidden = code === "";
onSubmit(at("first"), async ({ id, name, password, again }) => {
  if (password !== again) throw new ApiError(0, "invalid", "is not the same", "again");
  await api("POST", "/api/v1/first-admin", { code, id, name: name || id, password });
  location.replace("/");
});
