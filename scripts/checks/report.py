"""Figures of the package: measured, compared with their ceilings, printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.checks import (
    browser_modules,
    classes,
    commits,
    composition,
    docstrings,
    imports,
    namesakes,
    references,
    sizes,
    typing_gaps,
    waits,
)
from scripts.checks.ceilings import Ceilings
from scripts.checks.tree import Finding, Module, read_package
from scripts.checks.vocabulary import Vocabulary, read_vocabulary

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Figure:
    """Figure of the package: its number, the cure if it is too high, and the places that it counts (of a size, the largest first)."""

    value: int
    cure: str = ""
    places: tuple[Finding, ...] = ()


def _counted(found: list[Finding], cure: str) -> Figure:
    return Figure(len(found), cure, tuple(found))


def _largest(found: list[tuple[int, Finding]], cure: str) -> Figure:
    return Figure(found[0][0] if found else 0, cure, tuple(place for _, place in found[:SHOWN]))


def _stale(root: Path, modules: list[Module], ceilings: Ceilings, unknown: set[str]) -> list[Finding]:
    gone = [path for path in ceilings.decoders if not (root / path).exists()]
    needless = namesakes.stale_exemptions(root, modules, ceilings.untested)
    needless += browser_modules.stale_exemptions(root, ceilings.untested_browser)
    unused = [name for name in ceilings.foreign if name not in unknown]
    return [Finding("scripts/checks/ceilings.toml", 0, f"lists {entry}") for entry in (*gone, *needless, *unused)]


def _source_figures(root: Path, modules: list[Module], ceilings: Ceilings) -> dict[str, Figure]:
    functions = sizes.function_lengths(modules)
    lengths = [lines for lines, _ in functions]
    exempt = len(ceilings.untested)
    return {
        "modules": Figure(len(modules)),
        "functions": Figure(len(functions)),
        "median_function_lines": Figure(sizes.middle(lengths)),
        "p90_function_lines": Figure(sizes.ninetieth(lengths)),
        "longest_function_lines": _largest(functions, "divide it into steps with names"),
        "longest_module_lines": _largest(sizes.module_lengths(modules), "give its second concept a file"),
        "modules_in_cycles": _counted(
            imports.modules_in_cycles(modules, at_run_time=True), "move what both need into a third module"
        ),
        "modules_in_cycles_with_types": _counted(
            imports.modules_in_cycles(modules, at_run_time=False), "let one of them see a narrow protocol"
        ),
        "imports_inside_functions": _counted(
            imports.imports_inside_functions(modules), "import at the top, or put what is optional into its own module"
        ),
        "any_outside_decoders": _counted(
            typing_gaps.any_outside_decoders(modules, ceilings.decoders), "name the type, or decode where bytes come in"
        ),
        "decoder_files": Figure(len(ceilings.decoders), "take a file off the list `decoders`"),
        "exemptions_without_reason": _counted(
            typing_gaps.exemptions_without_reason(modules), "say on the line why the checker is wrong"
        ),
        "classes_of_same_name": _counted(classes.classes_of_same_name(modules), "name each for what it alone is"),
        "foreign_assignments": _counted(
            composition.foreign_assignments(modules), "pass it to the constructor, or let one part subscribe"
        ),
        "modules_without_namesake": _counted(
            namesakes.without_namesake(root, modules, ceilings.untested), "write its unit test there"
        ),
        "namesake_exemptions": Figure(exempt, "write a unit test and take the module off the list `untested`"),
    }


def figures(
    root: Path, ceilings: Ceilings, names: Vocabulary | None = None, package: str = "dashboard"
) -> dict[str, Figure]:
    """Measure the package; ``names`` are read from the project if not given. Commits are left out without history."""
    modules = read_package(root, package)
    found = _source_figures(root, modules, ceilings)
    found["unfair_waits"] = _counted(
        waits.unfair_waits(read_package(root, "tests")), "let a slow machine pass: see “Tests” in docs/development.md"
    )
    found["browser_modules_without_test"] = _counted(
        browser_modules.without_test(root, ceilings.untested_browser), "write its test in tests/js"
    )
    found["browser_exemptions"] = Figure(
        len(ceilings.untested_browser), "write a test and take the module off the list `untested_browser`"
    )
    found["docstrings_checked"] = Figure(len(list(docstrings.public_docstrings(modules))))
    found["unclear_docstrings"] = _counted(
        docstrings.unclear_docstrings(modules, ceilings.verbs),
        "begin with a verb in the imperative (property, class, module: a noun phrase); list a missing verb in `verbs`",
    )
    missing = references.missing_names(root, modules, names or read_vocabulary(root, modules))
    found["missing_names"] = _counted(
        [place for name, place in missing if name not in ceilings.foreign],
        "correct the name, or list a name of other programs in `foreign`",
    )
    found["stale_list_entries"] = _counted(
        _stale(root, modules, ceilings, {name for name, _ in missing}),
        "correct or remove what is not there, or not needed",
    )
    if (subjects := commits.new_subjects(root, ceilings.base_commit)) is not None:
        found["unclear_commit_subjects"] = _counted(
            commits.unclear_subjects(subjects, ceilings.verbs),
            f"write “area: Imperative summary”, one topic, at most {commits.MAX_CHARACTERS} characters",
        )
    return found


def table(found: Mapping[str, Figure], ceilings: Mapping[str, int]) -> Iterator[str]:
    """Yield one line a figure: its name, value and ceiling."""
    for name, figure in found.items():
        yield f"{name:<30}{figure.value:>6}" + (f"   at most {ceilings[name]}" if name in ceilings else "")


def excesses(found: Mapping[str, Figure], ceilings: Mapping[str, int]) -> Iterator[str]:
    """Yield each figure that is above its ceiling, with its cure and its first places."""
    for name, figure in found.items():
        if name in ceilings and figure.value > ceilings[name]:
            yield f"{name} is {figure.value}, its ceiling is {ceilings[name]}: {figure.cure}"
            yield from (f"  {place}" for place in figure.places[:SHOWN])
            if len(figure.places) > SHOWN:
                yield f"  … all of them: scripts/check --list {name}"


def room(found: Mapping[str, Figure], ceilings: Mapping[str, int]) -> Iterator[str]:
    """Yield the ceilings that can be lowered."""
    for name, figure in found.items():
        if name in ceilings and figure.value < ceilings[name]:
            yield f"{name} is {figure.value}: lower its ceiling of {ceilings[name]} in scripts/checks/ceilings.toml"
