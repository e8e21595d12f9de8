"""Where a build works until the atlas is whole: a folder beside it, one lock, one ledger of finished stages.

An atlas appears under its name by a rename, so that no half atlas can ever be opened. A stage is entered in the ledger
after its last array is written; a stage that is not entered is done again from nothing.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from precompute.contracts import AtlasError
from precompute.store import SCHEMA_VERSION, Atlas, AtlasFile, NotAnAtlas, is_atlas

Settings = Mapping[str, Any]


class Staging:
    """The working folder ``<atlas>.unfinished`` of one build.

    Attributes
    ----------
    file : AtlasFile
        The atlas being made.
    blocks : Path
        Folder for results that are finer than a stage.
    """

    def __init__(self, out: Path) -> None:
        out = out.resolve()  # a link stays a link: what it points to is replaced
        self.out = out
        self.folder = out.with_name(out.name + ".unfinished")
        self.atlas_path = self.folder / "atlas"
        self.blocks = self.folder / "blocks"
        self._retired = out.with_name(out.name + ".replaced")
        self._discarded = out.with_name(out.name + ".discarded")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep two builds of one atlas apart.

        Raises
        ------
        AtlasError
            Where another build holds the lock, or the folder cannot be written.
        """
        from filelock import FileLock, Timeout

        path = self.out.with_name(f".{self.out.name}.lock")
        try:
            self.out.parent.mkdir(parents=True, exist_ok=True)
            held = FileLock(path, timeout=0)
            held.acquire()
        except Timeout as error:
            raise AtlasError(f"another build is writing {self.out}; wait for it, or choose another --out") from error
        except OSError as error:
            raise AtlasError(f"cannot write {self.out}: {error.strerror}") from error
        try:
            yield
        finally:
            # the lock file stays: deleting it would let a third build lock a new one beside a waiting second
            held.release()

    @property
    def interrupted(self) -> bool:
        """Whether there is only the old atlas, under the name that it has between two renames."""
        return self._retired.exists() and not self.out.exists()

    def recover(self) -> None:
        """Finish the exchange of an old atlas for a new one that was cut short between its two renames."""
        if self._retired.exists():
            if not self.out.exists():
                self._retired.rename(self.out)
            else:
                self._throw_away(self._retired)
        shutil.rmtree(self._discarded, ignore_errors=True)

    def discard(self) -> None:
        """Throw away what an unfinished build left."""
        self._throw_away(self.folder)

    def _throw_away(self, folder: Path) -> None:
        """Delete a folder under another name first, so that one deleted by half is never taken for a whole one."""
        if folder.exists():
            if self._discarded.exists():
                shutil.rmtree(self._discarded, ignore_errors=True)
            folder.rename(self._discarded)
            shutil.rmtree(self._discarded, ignore_errors=True)

    @property
    def unfinished(self) -> AtlasFile | None:
        """What an unfinished build left, if anything."""
        return AtlasFile.edit(self.atlas_path) if (self.atlas_path / "zarr.json").exists() else None

    def open(self, attrs: Mapping[str, Any], start_from: Path | None) -> bool:
        """Open what an unfinished build left, else a copy of the atlas `start_from`, else a new atlas.

        Returns
        -------
        bool
            Whether an unfinished build was found.
        """
        found = self.unfinished is not None
        if found:
            for metadata in self.atlas_path.rglob("zarr.json"):
                _forget_consolidation(metadata, metadata)
        else:
            self.blocks.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(self.atlas_path, ignore_errors=True)
            if start_from is not None:
                copying = self.folder / "copying"
                shutil.rmtree(copying, ignore_errors=True)
                shutil.copytree(start_from, copying, copy_function=_link_or_copy)
                copying.rename(self.atlas_path)
            else:
                AtlasFile.create(self.atlas_path, {"schema_version": SCHEMA_VERSION, "provenance": {}, **attrs})
        self.file = AtlasFile.edit(self.atlas_path)
        self.file.set_attrs({"complete": False})
        return found

    def publish(self, attrs: Mapping[str, Any], keep_blocks: bool = False) -> None:
        """Mark the atlas complete and give it its name.

        With `keep_blocks`, what models did that are not in the atlas waits for another try.
        """
        self.file.set_attrs({**attrs, "complete": True})
        self.file.consolidate()
        self.exchange(self.atlas_path)
        if not keep_blocks:
            self.discard()

    def exchange(self, made: Path) -> None:
        """Give a whole atlas the name, in place of the one that has it, if any."""
        if self.out.exists():
            self.out.rename(self._retired)
        made.rename(self.out)
        self._throw_away(self._retired)


def restore(out: Path) -> None:
    """Give an atlas its name back where a process was killed between the two renames that exchange it.

    Raises
    ------
    AtlasError
        Where another process is at it, or nothing can be written there.
    """
    staging = Staging(out)
    if staging.interrupted:
        with staging.lock():
            staging.recover()


class Ledger:
    """Which stages of an atlas are finished, and with which settings."""

    def __init__(self, file: AtlasFile) -> None:
        self._file = file
        self.entries: dict[str, dict[str, Any]] = dict(file.attrs().get("provenance", {}))

    def holds(self, stage: str, settings: Settings) -> bool:
        return self.entries.get(stage) == dict(settings)

    def differences(self, stage: str, settings: Settings) -> list[str]:
        """Name the fields in which a finished stage differs from `settings`, with both values."""
        entry = self.entries.get(stage)
        if entry is None:
            return []
        names = [*entry, *(n for n in settings if n not in entry)]
        return [
            f"{name}: was {entry.get(name)!r}, now {settings.get(name)!r}"
            for name in names
            if entry.get(name) != settings.get(name)
        ]

    @contextmanager
    def stage(self, name: str, settings: Settings) -> Iterator[None]:
        """Strike the stage out, do the work, enter it again when the work is done."""
        if name in self.entries:
            del self.entries[name]
            self._save()
        yield
        self.entries[name] = dict(settings)
        self._save()

    def forget(self, name: str) -> None:
        self.entries.pop(name, None)
        self._save()

    def _save(self) -> None:
        self._file.set_attrs({"provenance": self.entries})


@contextmanager
def amended(out: Path) -> Iterator[AtlasFile]:
    """Add to a finished atlas, whole or not at all.

    The changes are made to a copy beside it that shares the bulky chunks, and that takes the atlas's name when the
    context ends without an error; until then readers see the atlas as it was.

    Raises
    ------
    AtlasError
        Where a build holds the lock, the atlas is a zip, or nothing can be written there.
    """
    if not out.is_dir():
        raise AtlasError(f"{out} is no folder; unzip it to add to it")
    staging = Staging(out)
    with staging.lock():
        staging.recover()
        copy = staging.out.with_name(staging.out.name + ".amended")
        try:
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(staging.out, copy, copy_function=_link_or_copy)
            file = AtlasFile.edit(copy)
            yield file
            file.consolidate()
            staging.exchange(copy)
        except OSError as error:
            raise AtlasError(f"cannot write {out}: {error.strerror or error}") from error
        finally:
            shutil.rmtree(copy, ignore_errors=True)


def _forget_consolidation(source: Path, target: Path) -> None:
    """Copy metadata without its consolidated part, which would go on telling of what a build then replaces."""
    metadata = json.loads(source.read_text(encoding="utf-8"))
    if metadata.pop("consolidated_metadata", None) is not None or source != target:
        unfinished = target.with_name("zarr.json.part")
        unfinished.write_text(json.dumps(metadata), encoding="utf-8")
        unfinished.replace(target)


def check_replaceable(out: Path) -> None:
    """Refuse to overwrite what is no atlas, of whatever version.

    Raises
    ------
    AtlasError
    """
    if out.exists() and not is_atlas(out):
        raise AtlasError(f"{out} is in the way and is no atlas; --overwrite replaces atlases only")


def finished(out: Path) -> Atlas | None:
    """Open the atlas at `out`; None where nothing is there.

    Raises
    ------
    AtlasError
        Where something else than an atlas is in the way.
    """
    if not out.exists():
        return None
    try:
        return Atlas(out)
    except NotAnAtlas as error:
        raise AtlasError(f"{out} is in the way and is no atlas that can be added to ({error})") from error


def _link_or_copy(source: str, target: str) -> None:
    """Share the bulky chunks with the old atlas (they are replaced, never changed in place); copy the metadata."""
    if Path(source).name == "zarr.json":
        _forget_consolidation(Path(source), Path(target))
        return
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
