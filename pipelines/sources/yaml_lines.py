"""YAML that remembers its lines and guesses nothing.

PyYAML follows YAML 1.1: `Y`, `no` and `off` become booleans, `12:30` a number, `2024-01-02` a date, and of two equal
keys the last one wins. A mapping file's codes must not suffer that, and an error must name a line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import yaml

_BOOLEAN = {"true": True, "false": False}
_NULL = frozenset({"", "null", "~"})
_INTEGER = re.compile(r"[+-]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[+-]?[0-9]+\.[0-9]+")


class YamlError(Exception):
    """The text is no YAML, or holds a key twice; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Document:
    """A document's plain value (dicts with text keys, lists, scalars) and where its parts stand."""

    value: object
    root: yaml.Node

    def line(self, path: Sequence[str | int]) -> int:
        """The line of the deepest part of the path that exists, from 1."""
        node = self.root
        line = node.start_mark.line + 1
        for step in path:
            found = _child(node, step)
            if found is None:
                break
            line, node = found
        return line


def _child(node: yaml.Node, step: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line + 1, node.value[step]
    return None


def read_yaml(text: str) -> Document:
    """Parse one document.

    Raises:
        YamlError: no YAML, more than one document, or a key given twice.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlError(mark.line + 1 if mark else 1, error.problem or str(error)) from error
    except yaml.YAMLError as error:
        raise YamlError(1, str(error)) from error
    if root is None:
        raise YamlError(1, "the file is empty")
    return Document(_value(root), root)


def _value(node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        found: dict[str, object] = {}
        for key, value in node.value:
            if key.value in found:
                raise YamlError(key.start_mark.line + 1, f"{key.value!r} is given twice")
            found[key.value] = _value(value)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    return _scalar(node.value, quoted=isinstance(node, yaml.ScalarNode) and node.style is not None)


def _scalar(text: str, quoted: bool) -> object:
    if quoted:
        return text
    if text in _NULL:
        return None
    if text in _BOOLEAN:
        return _BOOLEAN[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
