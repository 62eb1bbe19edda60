"""YAML as a tree of nodes that is safe to build values from: no aliases, not deep, no key twice.

An alias stands for a text elsewhere, so that a file of a few lines can mean more than a memory holds; the
files that are read here have no need of it.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C loader is ten times faster
_DEEPEST: Final = 50
_LONGEST_NUMBER: Final = 100  # signs; Python says no number of thousands of digits, not even in an error
_QUOTED: Final = re.compile(r" '[^']{2,}'")  # not ',' or ':', which say what is expected


class YamlProblemError(Exception):
    """What is wrong with a YAML text.

    Args:
        problem: In words, without anything of the text itself.
        line: Where, from 1.
        problem_with_name: The same with the key that it is about; for files of ours only.
    """

    def __init__(self, problem: str, line: int, problem_with_name: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line
        self.problem_with_name = problem_with_name or problem


def compose(text: str) -> yaml.Node | None:
    """The tree of a text; None if it is empty.

    Raises:
        YamlProblemError: It is no YAML, or too deep.
    """
    try:
        return yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise _named(error) from None
    except yaml.reader.ReaderError as error:
        # The two loaders count positions in bytes and in characters; the culprit itself is the same.
        line = text.count("\n", 0, max(text.find(chr(error.character)), 0)) + 1
        raise YamlProblemError(str(error.reason), line) from None
    except RecursionError:  # of the loader in Python; the one in C has a limit of its own
        raise YamlProblemError("it is nested too deep", 1) from None


def check_tree(root: yaml.Node | None) -> None:
    """Makes sure that a tree is one: YAML's loader would expand aliases, and keep the last of two equal keys.

    Raises:
        YamlProblemError: An alias, a tree that is too deep, or a key that stands twice in a mapping.
    """
    seen: set[int] = set()
    waiting = [(root, 1)] if root is not None else []
    while waiting:
        node, depth = waiting.pop()
        if id(node) in seen:
            raise YamlProblemError(
                "an alias (*name) repeats what stands here; write it out", line_number(node)
            )
        seen.add(id(node))
        if depth > _DEEPEST:
            raise YamlProblemError(f"it is nested more than {_DEEPEST} deep", line_number(node))
        if isinstance(node, yaml.MappingNode):
            _check_keys(node)
        waiting += [(child, depth + 1) for child in reversed(list(_children(node)))]


def build(root: yaml.Node | None) -> Any:
    """Plain values from a checked tree.

    Raises:
        YamlProblemError: A value that its type does not have, such as the 99th of a month; a number of more
            than a hundred digits.
    """
    if root is None:
        return None
    if long := _long_number(root):
        raise YamlProblemError("a number that is too long to be one", line_number(long))
    try:
        return _Loader("").construct_document(root)
    except yaml.MarkedYAMLError as error:
        raise _named(error) from None
    except (ValueError, LookupError, AttributeError, ArithmeticError):  # all of these come out of PyYAML
        raise YamlProblemError("a value that cannot be read", _line_of_unreadable(root)) from None


def keys_of(node: yaml.Node | None) -> frozenset[str]:
    """The plain keys of a mapping; none of anything else."""
    if not isinstance(node, yaml.MappingNode):
        return frozenset()
    return frozenset(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))


def line_of(root: yaml.Node | None, location: tuple[int | str, ...]) -> int:
    """Line (from 1) of the deepest node on the way to `location` that the tree has."""
    node, line = root, 1
    for part in location:
        child = _child(node, part)
        if child is None:
            break
        node, line = child, line_number(child)
    return line


def line_number(node: yaml.Node) -> int:
    """Where a node begins, from 1."""
    return int(node.start_mark.line) + 1


def _named(error: yaml.MarkedYAMLError) -> YamlProblemError:
    line = error.problem_mark.line + 1 if error.problem_mark else 1
    return YamlProblemError(_QUOTED.sub("", str(error.problem)), line)


def _check_keys(node: yaml.MappingNode) -> None:
    known: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            if key.value in known:
                named = f"the key {key.value!r:.80} stands twice"
                raise YamlProblemError("a key stands twice", line_number(key), named)
            known.add(key.value)


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        yield from node.value
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key
            yield value


def _child(node: yaml.Node | None, part: int | str) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part]  # type: ignore[no-any-return]
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return value  # type: ignore[no-any-return]
    return None


def _long_number(node: yaml.Node) -> yaml.Node | None:
    """The first whole number of very many signs, such as 59:59:59 and so on, whose base is 60."""
    if isinstance(node, yaml.ScalarNode):
        is_long = node.tag == "tag:yaml.org,2002:int" and len(node.value) > _LONGEST_NUMBER
        return node if is_long else None
    return next((long for child in _children(node) if (long := _long_number(child))), None)


def _line_of_unreadable(node: yaml.Node) -> int:
    """Line of the first single value that cannot be built."""
    for child in _children(node):
        if not isinstance(child, yaml.ScalarNode):
            if (line := _line_of_unreadable(child)) > 0:
                return line
        else:
            try:
                _Loader("").construct_object(child)
            except Exception:  # whatever a constructor raises: dates, giant integers, unknown tags
                return line_number(child)
    return 0
