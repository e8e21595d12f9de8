"""The page's modules joined into one script, so that a visit asks for one file and a saved page needs none.

Modules keep to a strict style (one-line imports by name at the top, ``export`` before declarations, names unique over
all modules), so that joining them is removing those words: no tool for it has to be installed.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
IMPORT = re.compile(r'^import \{[^}\n]*\} from "(\.{1,2}/[\w./-]+\.js)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?function|const|class)", re.MULTILINE)


def assets_folder() -> Path:
    """Styles and scripts: inside the package where it is installed, at the top level of a checkout."""
    packaged = HERE / "_assets"
    return packaged if packaged.is_dir() else HERE.parent / "assets"


def modules(entry: Path) -> list[Path]:
    """The modules that `entry` needs, each after those that it imports, `entry` last.

    Raises
    ------
    ValueError
        Where modules import each other in a circle.
    """
    done: list[Path] = []
    open_: list[Path] = []

    def visit(path: Path) -> None:
        if path in done:
            return
        if path in open_:
            raise ValueError(f"modules import each other in a circle: {' -> '.join(p.name for p in [*open_, path])}")
        open_.append(path)
        for target in IMPORT.findall(path.read_text(encoding="utf-8")):
            visit((path.parent / target).resolve())
        done.append(open_.pop())

    visit(entry.resolve())
    return done


@cache
def bundle(entry: Path) -> str:
    """One script that holds `entry` and all that it imports, in a scope of its own."""
    texts = [EXPORT.sub("", IMPORT.sub("", path.read_text(encoding="utf-8"))) for path in modules(entry)]
    return '(() => {\n"use strict";\n' + "\n".join(texts) + "\n})();\n"


def explorer() -> tuple[str, str]:
    """The page's script, and a short hash of it for its address."""
    text = bundle(assets_folder() / "atlas" / "boot.js")
    return text, hashlib.sha256(text.encode()).hexdigest()[:16]
