"""Read compose files: which services know one of the two databases and not the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dotenv import dotenv_values

from app.errors import ReciprocityError
from app.lint.findings import Finding

if TYPE_CHECKING:
    import yaml

NAME: Final = re.compile(r"(?:docker-)?compose[\w.-]*\.ya?ml$")


class YamlMissingError(ReciprocityError):
    """A compose file is to be read and the library that reads YAML is not installed."""

    code = "yaml_missing"


@dataclass(frozen=True, slots=True)
class Service:
    """Hold one service: its variables, where they stand, and whether all of them are known."""

    name: str
    line: int
    column: int
    variables: dict[str, str]
    complete: bool


def findings(path: Path, variables: tuple[str, str]) -> Iterator[Finding]:
    """List what is wrong with the two variables (AI, backend) in one compose file."""
    try:
        services = _services(path)
    except ValueError as error:
        yield Finding(path, 1, 1, "RDB006", f"this is no YAML ({error})", "mend it")
        return
    base = _base(path)
    for service in services.values():
        values = dict(base[service.name].variables) if service.name in base else {}
        values |= service.variables
        for present, absent in (variables, variables[::-1]):
            if present in values and absent not in values and service.complete:
                yield Finding(
                    path,
                    service.line,
                    service.column,
                    "RDB003",
                    f"the service {service.name} has {present} and lacks {absent}",
                    f"add {absent} to its environment, as for every service that uses both databases",
                )
        ai, backend = (values.get(name) for name in variables)
        if ai and ai == backend:
            yield Finding(
                path,
                service.line,
                service.column,
                "RDB005",
                f"the service {service.name} has the same address in {' and '.join(variables)}",
                "give each variable the address of its own database",
            )


def _base(path: Path) -> dict[str, Service]:
    """Read the file that compose merges this one into, where it is an override."""
    if "override" not in path.name:
        return {}
    base = path.with_name(re.sub(r"\.?override", "", path.name))
    try:
        return _services(base) if base.is_file() else {}
    except ValueError:
        return {}  # told where that file itself is read


def _services(path: Path) -> dict[str, Service]:
    try:
        import yaml  # noqa: PLC0415 - only those who lint compose files need it
    except ImportError:
        raise YamlMissingError(
            f"{path} is YAML, and PyYAML is not installed; run: pip install pyyaml"
        ) from None
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        told = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None
    listed = told.get("services") if isinstance(told, dict) else None
    if not isinstance(listed, dict) or not isinstance(root, yaml.MappingNode):
        return {}
    return {
        str(name): _service(path, str(name), listed, _place(root, str(name)))
        for name, service in listed.items()
        if isinstance(service, dict)
    }


def _service(path: Path, name: str, listed: dict[str, Any], place: tuple[int, int]) -> Service:
    values, complete = _variables(path, listed[name], listed)
    return Service(name, *place, values, complete)


def _variables(
    path: Path, service: dict[str, Any], listed: dict[str, Any], depth: int = 0
) -> tuple[dict[str, str], bool]:
    """Collect a service's variables; False when a file that may hold more is not at hand."""
    values: dict[str, str] = {}
    complete = True
    extends = service.get("extends")
    parent = extends.get("service") if isinstance(extends, dict) else extends
    if parent is not None:
        elsewhere = isinstance(extends, dict) and "file" in extends
        known = listed.get(parent)
        if elsewhere or not isinstance(known, dict) or depth > len(listed):
            complete = False
        else:
            values, complete = _variables(path, known, listed, depth + 1)
    files = service.get("env_file") or []
    for file in files if isinstance(files, list) else [files]:
        said = file.get("path", "") if isinstance(file, dict) else file
        env = path.parent / str(said)
        if env.is_file():
            values |= {k: v or "" for k, v in dotenv_values(env, interpolate=False).items()}
        else:
            complete = False
    return values | _environment(service.get("environment")), complete


def _environment(environment: object) -> dict[str, str]:
    if isinstance(environment, dict):
        return {str(k): "" if v is None else str(v) for k, v in environment.items()}
    if isinstance(environment, list):
        pairs = (str(entry).partition("=") for entry in environment)
        return {name.strip(): value.strip() for name, _, value in pairs}
    return {}


def _place(root: yaml.MappingNode, service: str) -> tuple[int, int]:
    """Find where a service's variables stand, or the service itself; counted from one."""
    node: Any = root
    mark = root.start_mark
    for step in ("services", service, "environment"):
        pairs = node.value if isinstance(node.value, list) else []
        found = [pair for pair in pairs if isinstance(pair, tuple) and pair[0].value == step]
        if not found:
            break
        key, node = found[0]
        mark = key.start_mark
    return mark.line + 1, mark.column + 1
