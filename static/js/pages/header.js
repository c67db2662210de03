// Header of pages without live data: the theme button and the user menu.

import "../widgets/user-menu.js";
import { toggleTheme } from "./theme-toggle.js";

document.getElementById("theme")?.addEventListener("click", toggleTheme);
