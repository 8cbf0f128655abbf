"""YAML to plain values: the safe loader, that refuses a key written twice and guesses at no type but int and bool."""

import re
from collections.abc import Iterator
from typing import Any

import yaml


class Malformed(Exception):
    """The file is no scenario. The text is one line that names the fault."""


class _Loader(yaml.SafeLoader):
    """Times, dates and words like `no` or `on` stay text: what they mean is said by where they stand."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("tag:yaml.org,2002:bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("tag:yaml.org,2002:int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("tag:yaml.org,2002:float", r"^[-+]?[0-9]+\.[0-9]*$", "-+0123456789"),
    ("tag:yaml.org,2002:merge", r"^(?:<<)$", "<"),
    ("tag:yaml.org,2002:null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
):
    _Loader.add_implicit_resolver(_tag, re.compile(_pattern), list(_first))


def _decimal(loader: _Loader, node: yaml.ScalarNode) -> int:
    return int(str(loader.construct_scalar(node)))  # 010 is ten, and no octal number


def _mapping(loader: _Loader, node: yaml.MappingNode) -> Iterator[dict[Any, Any]]:
    """In two steps as the safe loader does it, so that an alias may stand inside its own anchor."""
    seen = set()
    for key, _value in node.value:
        if key.tag == "tag:yaml.org,2002:merge":
            continue
        if isinstance(key, yaml.ScalarNode) and key.value in seen:
            raise Malformed(f"line {key.start_mark.line + 1}: the key {key.value!r} is written twice")
        seen.add(key.value if isinstance(key, yaml.ScalarNode) else id(key))
    found: dict[Any, Any] = {}
    yield found
    found.update(loader.construct_mapping(node))


_Loader.add_constructor("tag:yaml.org,2002:int", _decimal)
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def values_of(text: str) -> Any:
    """The plain values of a YAML text. Raises Malformed."""
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506  (a safe loader)
    except yaml.MarkedYAMLError as error:
        where = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise Malformed(f"{where}this is no YAML: {error.problem or error.context or 'it cannot be read'}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Malformed(f"this is no YAML: {' '.join(str(error).split())}") from error
