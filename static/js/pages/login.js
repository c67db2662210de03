// Logging in, and going on to where one wanted to be.

import { ApiError, api } from "../client/http.js";
import { samePlace } from "../data/same-place.js";
import { onSubmit } from "../widgets/form.js";
import { at } from "./plain.js";

const asked = new URLSearchParams(location.search);
onSubmit(at("login"), async ({ name, password }) => {
  try {
    await api("POST", "/api/v1/login", { name, password });
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) throw new ApiError(401, error.code, "name or password is wrong", "password");
    throw error;
  }
  location.replace(samePlace(asked.get("next"), location.origin));
});
