"""Values of a YAML file and the line of each value, so that an error can name the line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from dashboard.domain.errors import ConfigurationError

#: Steps to a value: names of fields and indexes of items.
Place = tuple[str | int, ...]
#: Most steps to a value. Only a file with an alias of its own parent has more; it is refused.
_DEPTH = 20
#: Values in a file, each alias counted as all that it stands for: 1,000 targets with 50 labels each.
_MOST_VALUES = 200_000
#: A longer text is refused unread; a text of this length takes some seconds.
_MOST_BYTES = 4 << 20
_MOST_DIGITS = 400
#: Errors of PyYAML for scalars that are not what their tag says (``!!int ""``, ``!!bool maybe``, ``!!timestamp x``).
_BAD_SCALARS = (ValueError, ArithmeticError, LookupError, AttributeError)


class Places:
    """Line of each value, by its place: the keys and indices that lead to the value."""

    def __init__(self, path: Path, root: yaml.Node | None) -> None:
        self._path = path
        self._lines: dict[Place, int] = {(): 1}
        self._walk(root, ())

    def where(self, place: Place) -> str:
        """Return ``file:line: field``; for a missing place, with the line of the value that should contain it."""
        found = place
        while found not in self._lines:
            found = found[:-1]
        field = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).lstrip(".")
        return f"{self._path}:{self._lines[found]}{f': {field}' if field else ''}"

    def _walk(self, node: yaml.Node | None, place: Place) -> None:
        if len(place) > _DEPTH:
            raise ConfigurationError(f"{self.where(place[:1])} is nested more than {_DEPTH} deep")
        if isinstance(node, yaml.SequenceNode):
            for number, item in enumerate(node.value):
                self._note(item, (*place, number))
                self._walk(item, (*place, number))
        elif isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                inner = (*place, str(key.value))
                if inner in self._lines:
                    line = key.start_mark.line + 1
                    raise ConfigurationError(f"{self._path}:{line}: {key.value} appears twice; remove one")
                self._note(key, inner)
                self._walk(value, inner)

    def _note(self, node: yaml.Node, place: Place) -> None:
        self._lines[place] = node.start_mark.line + 1


def _check_size(path: Path, root: yaml.Node | None) -> None:
    """Refuse a file whose aliases expand to more values than a file of sources can need; raises ConfigurationError."""
    sizes: dict[int, int] = {}  # by node id; an alias is the same node again
    pending = [root] if root is not None else []
    while pending:
        node = pending[-1]
        within = _within(node)
        if id(node) not in sizes:
            sizes[id(node)] = 0  # read only if the node contains itself; its size does not matter then
            pending += [each for each in within if id(each) not in sizes]
            continue
        pending.pop()
        _check_number(path, node)
        sizes[id(node)] = 1 + sum(sizes[id(each)] for each in within)
        if sizes[id(node)] > _MOST_VALUES:
            line = node.start_mark.line + 1
            raise ConfigurationError(f"{path}:{line}: holds more than {_MOST_VALUES} values, counting aliases (*name)")


def _check_number(path: Path, node: yaml.Node) -> None:
    """Refuse a very long number: the time to read ``1:59:59:…``, a number to the base 60, grows with the square of its length."""
    if isinstance(node, yaml.ScalarNode) and len(node.value) > _MOST_DIGITS and node.tag.endswith((":int", ":float")):
        raise ConfigurationError(
            f"{path}:{node.start_mark.line + 1}: a number of more than {_MOST_DIGITS} characters; shorten it"
        )


def _within(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        return list(node.value)
    return [each for pair in node.value for each in pair] if isinstance(node, yaml.MappingNode) else []


def read_yaml(path: Path) -> tuple[Any, Places]:
    """Return the value in a file with one YAML document, and the lines of its parts; raises ConfigurationError naming file and line."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigurationError(f"{path}: cannot be read: {reason}") from None
    return parse_yaml(text, path)


def parse_yaml(text: str, path: Path) -> tuple[Any, Places]:
    """Return the value in a text with one YAML document, and the lines of its parts.

    Raises ConfigurationError naming ``path`` and the line.
    """
    if len(text) > _MOST_BYTES:
        raise ConfigurationError(f"{path}: is longer than {_MOST_BYTES >> 20} MiB; shorten it")
    try:
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
        _check_size(path, root)
        return yaml.load(text, Loader=yaml.CSafeLoader), Places(path, root)
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ConfigurationError(f"{path}{line}: not YAML: {error.problem}") from None
    except (yaml.YAMLError, *_BAD_SCALARS) as error:
        raise ConfigurationError(f"{path}: not YAML: {error}") from None
    except RecursionError:
        raise ConfigurationError(f"{path}: not YAML: nested too deep") from None
