"""Which models there are: `models.yml`, files of the user's own in the same form, and local checkpoints."""

from __future__ import annotations

import difflib
import functools
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from precompute.contracts import AtlasError
from precompute.models.errors import UnknownModel
from precompute.models.spec import MAIN, EnvironmentSpec, FamilySpec, ModelSpec

BUNDLED_FILE = Path(__file__).with_name("models.yml")
FILES_VARIABLE = "PLATONIC_ATLAS_MODELS"
_SECTIONS = ("environments", "families", "models")


class Registry:
    """Every known model, family and environment, in the order of the files."""

    def __init__(
        self, specs: Sequence[ModelSpec], families: Sequence[FamilySpec], environments: Sequence[EnvironmentSpec]
    ) -> None:
        self.specs = tuple(specs)
        self.families = {f.name: f for f in families}
        self.environments = {e.name: e for e in environments}
        self._by_name = {name: s for s in self.specs for name in (s.key, *s.aliases)}

    @classmethod
    def load(cls, path: Path | str | Iterable[Path | str] | None = None) -> Registry:
        """Read `models.yml` and then further files (one path or several) of the same form.

        Raises
        ------
        AtlasError
            If a file is missing, is not YAML, has an unknown or ill-typed field, or names something twice.
        """
        further = [path] if isinstance(path, str | Path) else list(path or ())
        families: dict[str, FamilySpec] = {}
        environments: dict[str, EnvironmentSpec] = {}
        specs: list[ModelSpec] = []
        for file in (BUNDLED_FILE, *map(Path, further)):
            sections = _read(file)
            for name, block in sections["environments"].items():
                _unique(environments, name, file, "environment")[name] = _parse(EnvironmentSpec, name, block, file)
            for name, block in sections["families"].items():
                _unique(families, name, file, "family")[name] = _parse(FamilySpec, name, block, file)
            for block in sections["models"]:
                specs.extend(_models(block, families, file))
        for family in families.values():
            if family.environment != MAIN and family.environment not in environments:
                raise AtlasError(
                    f"family {family.name!r} names the environment {family.environment!r}, which no file has"
                )
        _check_names(specs)
        return cls(specs, list(families.values()), list(environments.values()))

    def resolve(self, name: str) -> ModelSpec:
        """Return the model with this key or alias, or the local checkpoint ``family:path`` (``family:path#head``).

        Raises
        ------
        UnknownModel
            If there is none; names the closest keys.
        """
        spec = self._by_name.get(name) or self._by_name.get(name.lower())
        if spec is not None:
            return spec
        family, colon, path = name.partition(":")
        if colon:
            return self._local(family.lower(), path)
        close = difflib.get_close_matches(name.lower(), self._by_name, n=4, cutoff=0.5)
        keys = list(dict.fromkeys(self._by_name[c].key for c in close))
        hint = f"; closest: {', '.join(keys)}" if keys else ""
        raise UnknownModel(f"no model {name!r}{hint}. `platonic-atlas models` lists all")

    def _local(self, family_name: str, path: str) -> ModelSpec:
        family = self.families.get(family_name)
        if family is None:
            known = ", ".join(f for f in self.families if f != "element-only")
            raise UnknownModel(f"no family {family_name!r} to open {path!r} with; known: {known}")
        file, _, head = (path, "", "") if Path(path).exists() else path.partition("#")
        stem = re.sub(r"[^a-z0-9._]+", "-", Path(file).stem.lower()).strip("-.") or "checkpoint"
        key = f"{family_name}-{stem}"
        if key in self._by_name:
            key += "-local"
        like = next((s for s in self.specs if s.family == family_name), None)
        return ModelSpec(
            key=key,
            family=family_name,
            checkpoint=like.checkpoint if like and family_name == "orb" else Path(file).name,
            weights="local",
            layer=like.layer if like else "declared by the adapter",
            invariant=like.invariant if like else False,
            head=head or None,
            status="pretrained",
            path=file,
            adapter=family.adapter,
            environment=family.environment,
            packages=family.packages,
            isolated=family.isolated,
        )


def registry() -> Registry:
    """Return the registry of `models.yml` and the files that ``PLATONIC_ATLAS_MODELS`` names, read once."""
    return _cached(os.environ.get(FILES_VARIABLE, ""))


@functools.lru_cache(maxsize=4)
def _cached(files: str) -> Registry:
    return Registry.load([f for f in files.split(os.pathsep) if f])


def _read(file: Path) -> dict[str, Any]:
    import yaml

    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise AtlasError(f"models file {file} cannot be read: {error}") from None
    if not isinstance(content, Mapping) or set(content) - set(_SECTIONS):
        raise AtlasError(f"models file {file}: expected the sections {', '.join(_SECTIONS)}, got {_shown(content)}")
    sections = {
        "environments": content.get("environments") or {},
        "families": content.get("families") or {},
        "models": content.get("models") or [],
    }
    for name, section in sections.items():
        wanted = list if name == "models" else dict
        if not isinstance(section, wanted):
            raise AtlasError(f"models file {file}: {name} must be a {wanted.__name__}, got {type(section).__name__}")
    return sections


def _shown(content: object) -> str:
    return ", ".join(map(str, content)) if isinstance(content, Mapping) else type(content).__name__


def _parse(kind: Any, name: str, block: object, file: Path) -> Any:
    if not isinstance(block, Mapping):
        raise AtlasError(f"models file {file}: {name!r} must be a mapping of fields, got {type(block).__name__}")
    fields = {"key" if kind is ModelSpec else "name": name, **block}
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'block'}: {e['msg']}, got {str(e['input'])[:80]!r}"
            for e in error.errors()
        )
        raise AtlasError(f"models file {file}, {name!r}: {problems}") from None


def _models(block: object, families: Mapping[str, FamilySpec], file: Path) -> list[ModelSpec]:
    """Return the model of a block, or one model per modal where the block lists modals."""
    if not isinstance(block, Mapping) or "key" not in block:
        raise AtlasError(f"models file {file}: every model is a mapping with a key, got {str(block)[:80]!r}")
    fields = dict(block)
    key, modals = str(fields.pop("key")), fields.pop("modals", None)
    family = families.get(str(fields.get("family")))
    if family is None:
        raise AtlasError(
            f"models file {file}, {key!r}: family {fields.get('family')!r} is not declared; "
            f"known: {', '.join(families)}"
        )
    fields.update(
        adapter=family.adapter, environment=family.environment, packages=family.packages, isolated=family.isolated
    )
    if fields.get("weights") == "bundled" and fields.get("path"):
        fields["path"] = str((file.parent / str(fields["path"])).resolve())
    if modals is None:
        return [_parse(ModelSpec, key, fields, file)]
    if not isinstance(modals, Mapping):
        raise AtlasError(f"models file {file}, {key!r}: modals must be a mapping, got {type(modals).__name__}")
    return [
        _parse(ModelSpec, f"{key}-{modal.replace('_', '-')}", {**fields, "head": modal, **(changed or {})}, file)
        for modal, changed in modals.items()
    ]


def _unique(known: dict[str, Any], name: str, file: Path, kind: str) -> dict[str, Any]:
    if name in known:
        raise AtlasError(f"models file {file}: the {kind} {name!r} exists already; choose another name")
    return known


def _check_names(specs: Sequence[ModelSpec]) -> None:
    owners: dict[str, str] = {}
    for spec in specs:
        for name in (spec.key, *spec.aliases):
            if name in owners:
                raise AtlasError(f"the name {name!r} belongs to {owners[name]!r} and to {spec.key!r}")
            owners[name] = spec.key
    for spec in specs:
        if spec.parent is not None and spec.parent not in owners:
            raise AtlasError(f"{spec.key!r} names the parent {spec.parent!r}, which no file has")
