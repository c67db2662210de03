// Login page: leads to the page that was asked for.

import { ApiError, api } from "../client/http.js";
import { safeRedirect } from "../data/safe-redirect.js";
import { byId } from "../widgets/dom.js";
import { onSubmit } from "../widgets/form.js";
import "./header.js";

const asked = new URLSearchParams(location.search);
onSubmit(byId("login", HTMLFormElement), async ({ name, password }) => {
  try {
    await api("POST", "/api/v1/login", { name, password });
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) throw new ApiError(401, error.code, "name or password is wrong", "password");
    throw error;
  }
  location.replace(safeRedirect(asked.get("next"), location.origin));
});
