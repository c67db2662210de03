"""Splicing changes into the YAML text of a board: only the lines of changed fields differ, all other bytes stay.

The text is never loaded and dumped again, because that rewrites comments, quotes and line breaks. Places in the text come from
the parser's marks; new values are written as flow values on one line, in a file that is JSON as JSON. Of a list, only the entries
that differ are written anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from pathlib import Path

import yaml
from msgspec import UNSET

from dashboard.boards.board_text import parse_board
from dashboard.domain.board_changes import Change, differences
from dashboard.domain.board_document import Document, complete, ids_of, widgets_of
from dashboard.domain.errors import ConfigurationError, Conflict, TooLarge

#: Characters of a line in a written file, beyond which nothing is broken all the same.
_WIDTH = 1 << 16
#: A text that is put in place of the characters from one index to another.
Edit = tuple[int, int, str]
_Write = Callable[[object], str]
#: Beginning of a line that begins an item of a list in block style.
_DASH = re.compile(r" *-(?=\s|$)")

#: Mark of the byte order, with which some editors begin a file.
_MARK = "\ufeff"


def splice(text: str, wanted: Document) -> str:
    """Return a board's text changed so that it describes the complete document ``wanted``; raises Conflict if that is not possible.

    Derived fields (ids, places, the grid of 24 columns) that are not in the text are written only if they changed. A byte order
    mark stays. If the lines of the text end with CR LF, all lines of the result do.
    """
    mark = _MARK if text.startswith(_MARK) else ""
    plain = text.removeprefix(_MARK)
    if "\r\n" in plain and plain.count("\r\n") == plain.count("\n"):
        return mark + _spliced(plain.replace("\r\n", "\n"), wanted).replace("\n", "\r\n")
    return mark + _spliced(plain, wanted)


def _spliced(text: str, wanted: Document) -> str:
    path = Path("board")
    written = parse_board(text, path)
    wanted = complete(wanted)  # tiles that overlap have moved down
    changes = differences(complete(written), wanted)
    moved = any(change.field in ("x", "y", "w", "h") or not change.field for change in changes if change.widget)
    spliced = _apply(text, _pinned(written, changes) if moved else _named(written, changes))
    try:
        read = complete(parse_board(spliced, path))
    except (ConfigurationError, TooLarge):
        read = {}
    if not read or differences(read, wanted):
        raise Conflict("the file cannot be changed in place; save a copy, or download the YAML")
    return spliced


def _named(written: Document, changes: Sequence[Change]) -> list[tuple[int, Change]]:
    """Pair each change with the index of its widget in the file, -1 for the board.

    An id that is derived from a changed title or kind is written into the file, so that the widget keeps it.
    """
    ids, widgets = ids_of(widgets_of(written)), widgets_of(written)
    numbered = [(ids.index(change.widget) if change.widget else -1, change) for change in changes]
    named = {
        number: Change(change.widget, "id", UNSET, change.widget)
        for number, change in numbered
        if number >= 0 and change.field in ("title", "kind") and not widgets[number].get("id")
    }
    return [*numbered, *named.items()]


def _pinned(written: Document, changes: Sequence[Change]) -> list[tuple[int, Change]]:
    """Return the changes, paired as by ``_named``, and the changes that write all derived ids and places.

    Without written places, the other widgets would move.
    """
    ids, full = ids_of(widgets_of(written)), complete(written)
    touched = {change.place for change in changes}
    gone = {change.widget for change in changes if change.widget and not change.field and change.after is UNSET}
    every = [
        (-1, Change("", field, UNSET, full[field]))
        for field in ("columns", "rows")
        if ("", field) not in touched and full[field] != written.get(field)
    ]
    for number, (name, old, new) in enumerate(zip(ids, widgets_of(written), widgets_of(full), strict=True)):
        every += [
            (number, Change(name, field, UNSET, new[field]))
            for field in ("id", "x", "y", "w", "h")
            if old.get(field) != new[field] and (name, field) not in touched and name not in gone
        ]
    return [*((ids.index(each.widget) if each.widget in ids else -1, each) for each in changes), *every]


def _apply(text: str, numbered: Sequence[tuple[int, Change]]) -> str:
    root = yaml.compose(text, Loader=yaml.CSafeLoader)
    assert isinstance(root, yaml.MappingNode)  # parse_board has seen that
    write = _json if _is_json(text) else _flow
    widgets = next((value for key, value in root.value if key.value == "widgets"), None)
    items = widgets.value if isinstance(widgets, yaml.SequenceNode) else []
    in_brackets = root.flow_style or (
        isinstance(widgets, yaml.SequenceNode) and bool(widgets.flow_style) and bool(items)
    )
    edits: list[Edit] = []
    inserted: dict[int, str] = {}
    added, removed = [], set()
    for number, change in numbered:
        if change.widget and not change.field:
            if change.after is not UNSET:
                added.append(write(change.after))
            else:
                removed.add(number)
            continue
        mapping = items[number] if change.widget else root
        if not isinstance(mapping, yaml.MappingNode):
            raise Conflict("a tile of the file is an alias; change the file by hand")
        edit = _field(text, mapping, change, write)
        if edit[0] == edit[1]:  # several fields may be inserted at one place
            inserted[edit[0]] = inserted.get(edit[0], "") + edit[2]
        else:
            edits.append(edit)
    edits += [(at, at, more) for at, more in inserted.items()]
    if in_brackets:
        edits += _in_brackets(text, root, widgets, removed, added, write)
    else:
        edits += [_removal(text, items[number]) for number in removed]
        if items and len(removed) == len(items) and not added:
            key = next(key for key, _ in root.value if key.value == "widgets")
            colon = text.index(":", key.end_mark.index) + 1
            edits.append((colon, colon, " []"))
        if added:
            edits.append(_addition(text, root, widgets, added))
    for start, end, more in sorted(edits, reverse=True):
        text = text[:start] + more + text[end:]
    return text


def _flow(value: object) -> str:
    made: str = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=_WIDTH)
    return made.removesuffix("\n").removesuffix("\n...").strip()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _field(text: str, mapping: yaml.MappingNode, change: Change, write: _Write) -> Edit:
    """Return the edit that sets, adds or removes a field of a mapping."""
    flow = mapping.flow_style
    for index, (key, value) in enumerate(mapping.value):
        if key.value != change.field:
            continue
        start, end = key.start_mark.index, _value_end(text, value)
        if change.after is not UNSET:
            return _entries(text, value, change) or _replacement(text, key, value, write(change.after))
        if not flow:
            if index == 0 and text[_line_start(text, start) : start].strip():  # behind the dash of a list
                return start, mapping.value[1][0].start_mark.index, ""
            return _line_start(text, start), _line_end(text, end - 1), ""
        if index + 1 < len(mapping.value):
            return start, mapping.value[index + 1][0].start_mark.index, ""
        return _value_end(text, mapping.value[index - 1][1]), end, ""
    if change.after is UNSET:
        return 0, 0, ""
    last = _value_end(text, mapping.value[-1][1])
    if flow:
        return last, last, f", {write(change.field)}: {write(change.after)}"
    first = mapping.value[0][0].start_mark
    own_line = mapping.value[-1][0].value != "widgets"
    at = _line_end(text, last - 1) if own_line else _line_start(text, mapping.value[-1][0].start_mark.index)
    break_ = "" if at == 0 or text[at - 1] == "\n" else "\n"
    return at, at, f"{break_}{' ' * first.column}{change.field}: {_flow(change.after)}\n"


def _replacement(text: str, key: yaml.Node, value: yaml.Node, written: str) -> Edit:
    """Return the edit that sets the value of a field.

    A list in block style may stand in the column of its key, where a flow value would not belong to the key. Therefore a flow
    value in its place follows the colon. Comments between the colon and the list stay.
    """
    start, end = value.start_mark.index, _value_end(text, value)
    if isinstance(value, yaml.MappingNode | yaml.SequenceNode) and not value.flow_style:
        colon = text.index(":", key.end_mark.index) + 1
        return colon, end, f" {written}{text[colon:start].rstrip()}"
    return start, end, written if text[start - 1].isspace() else f" {written}"


def _value_end(text: str, node: yaml.Node) -> int:
    """Return the offset where a value's own characters end.

    The parser's end mark of a block is later: it comes after the blank lines and comments that follow the value.
    """
    if isinstance(node, yaml.MappingNode | yaml.SequenceNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _value_end(text, last[1] if isinstance(last, tuple) else last)
    end = int(node.end_mark.index)
    while end > node.start_mark.index and text[end - 1].isspace():
        end -= 1
    return end


def _entries(text: str, value: yaml.Node, change: Change) -> Edit | None:
    """Return the edit that changes some entries of a list in block style; None if the list must be written anew.

    An entry that stays keeps its lines with their comments. Comment lines belong to the entry below them.
    """
    old, new = change.before, change.after
    if not isinstance(value, yaml.SequenceNode) or value.flow_style or not isinstance(old, list | tuple):
        return None
    dashes = [_dash(text, item) for item in value.value]
    if not isinstance(new, list | tuple) or not new or len(old) != len(dashes) or None in dashes:
        return None
    first = dashes[0]
    assert first is not None
    ends = [first.start(), *(_line_end(text, _value_end(text, item) - 1) for item in value.value)]
    if ends != sorted(set(ends)):
        return None  # an alias stands where its anchor is, for the parser
    ways = SequenceMatcher(None, [_flow(each) for each in old], [_flow(each) for each in new], autojunk=False)
    lines: list[str] = []
    for way, begin, end, new_begin, new_end in ways.get_opcodes():
        if way == "equal":
            lines += [text[ends[n] : ends[n + 1]] for n in range(begin, end)]
        else:
            lines += [f"{first[0]} {_flow(each)}\n" for each in new[new_begin:new_end]]
    return ends[0], ends[-1], "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def _in_brackets(
    text: str, root: yaml.MappingNode, widgets: yaml.Node | None, removed: set[int], added: Sequence[str], write: _Write
) -> list[Edit]:
    """Return the edits that remove tiles from a list in flow style, and add tiles at its end."""
    if not isinstance(widgets, yaml.SequenceNode) or not widgets.value:
        if not added:
            return []
        tiles = f"[{', '.join(added)}]"
        if widgets is not None:
            return [(widgets.start_mark.index, _value_end(text, widgets), tiles)]
        last = _value_end(text, root.value[-1][1])
        return [(last, last, f", {write('widgets')}: {tiles}")]
    starts = [item.start_mark.index for item in widgets.value]
    ends = [_value_end(text, item) for item in widgets.value]
    line = text[_line_start(text, starts[-1]) : starts[-1]]
    comma = ", " if line.strip() else f",\n{line}"  # each tile on lines of its own, or several in a line
    kept = [number for number in range(len(starts)) if number not in removed]
    if not kept:
        return [(starts[0], ends[-1], comma.join(added))]
    edits = [
        (ends[number - 1], ends[number], "") if number > kept[0] else (starts[number], starts[number + 1], "")
        for number in removed
    ]
    return [*edits, (ends[-1], ends[-1], "".join(f"{comma}{each}" for each in added))]


def _removal(text: str, item: yaml.Node) -> Edit:
    dash = _dash(text, item)
    if dash is None:
        raise Conflict("a tile of the file does not stand behind a dash of its own; change the file by hand")
    return dash.start(), _line_end(text, _value_end(text, item) - 1), ""


def _dash(text: str, item: yaml.Node) -> re.Match[str] | None:
    """Return the match of ``_DASH`` for an item of a list: on the item's line, or on an earlier line above comments only."""
    at = item.start_mark.index
    while True:
        start = _line_start(text, at)
        found = _DASH.match(text, start)
        behind = text[found.end() if found else start : at].strip()
        if behind and not behind.startswith("#"):
            return None
        if found or not start:
            return found
        at = start - 1


def _addition(text: str, root: yaml.MappingNode, widgets: yaml.Node | None, added: Sequence[str]) -> Edit:
    if isinstance(widgets, yaml.SequenceNode) and widgets.value and (dash := _dash(text, widgets.value[-1])):
        at = _line_end(text, _value_end(text, widgets.value[-1]) - 1)
        break_ = "" if text[at - 1] == "\n" else "\n"
        return at, at, break_ + "".join(f"{dash[0]} {each}\n" for each in added)
    lines = "".join(f"\n  - {each}" for each in added)
    if widgets is not None:
        return widgets.start_mark.index, _value_end(text, widgets), lines
    at = _line_end(text, _value_end(text, root) - 1)
    break_ = "" if text[at - 1] == "\n" else "\n"
    return at, at, f"{break_}widgets:{lines}\n"
