// The board's page for Chromium 79 to 110, which cannot run the modules of static/js as they are.

import "./old-methods.js";
import "../../static/js/pages/board.js";
