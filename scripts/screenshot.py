"""Screenshots of a page of a running server: python scripts/screenshot.py URL FOLDER [--wait SECONDS].

Takes each of 1280×720, 1920×1080, 3840×2160 and a phone's width, dark and light; prints the console's errors.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

SIZES = {"1280": (1280, 720), "1920": (1920, 1080), "3840": (3840, 2160), "phone": (390, 844)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--wait", type=float, default=3, help="seconds from opening to the picture")
    parser.add_argument("--size", choices=SIZES, action="append", help="only these sizes")
    parser.add_argument("--theme", choices=["dark", "light"], action="append", help="only these themes")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"))
        for size in options.size or SIZES:
            for theme in options.theme or ["dark", "light"]:
                width, height = SIZES[size]
                page = browser.new_page(viewport={"width": width, "height": height})
                page.on("console", lambda message: print(message.type, message.text))
                page.on("pageerror", lambda error: print("error", error))
                separator = "&" if "?" in options.url else "?"
                page.goto(f"{options.url}{separator}theme={theme}")
                page.wait_for_timeout(options.wait * 1000)
                page.screenshot(path=options.folder / f"{size}-{theme}.png", full_page=size == "phone")
                page.close()
        browser.close()


if __name__ == "__main__":
    main()
