// Logging in, and going on to where one wanted to be.

import { api } from "../client/http.js";
import { onSubmit } from "../widgets/form.js";
import { at, samePlace } from "./plain.js";

const asked = new URLSearchParams(location.search);
onSubmit(at("login"), async ({ name, password }) => {
  await api("POST", "/api/v1/login", { name, password });
  location.replace(samePlace(asked.get("next")));
});
