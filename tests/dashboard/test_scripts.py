"""The page's modules joined into one script."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dashboard.scripts import EXPORT, IMPORT, assets_folder, bundle, explorer, modules

ASSETS = assets_folder()
ALL = sorted(p for p in ASSETS.rglob("*.js") if p.parent.name != "vendor")


def write(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.js").write_text(text)
    return folder / "entry.js"


def test_a_module_comes_after_those_it_imports_and_once(tmp_path: Path) -> None:
    entry = write(
        tmp_path,
        entry='import { b } from "./b.js";\nimport { c } from "./c.js";\nb(c);\n',
        b='import { c } from "./c.js";\nexport function b() { return c; }\n',
        c="export const c = 1;\n",
    )
    assert [p.stem for p in modules(entry)] == ["c", "b", "entry"]
    text = bundle(entry)
    assert text.count("const c = 1") == 1
    assert "import" not in text
    assert "export" not in text


def test_modules_that_import_each_other_are_refused(tmp_path: Path) -> None:
    entry = write(tmp_path, entry='import { b } from "./b.js";\n', b='import { a } from "./entry.js";\n')
    with pytest.raises(ValueError, match=r"entry\.js -> b\.js -> entry\.js"):
        modules(entry)


@pytest.mark.parametrize("path", ALL, ids=lambda p: str(p.relative_to(ASSETS)))
def test_modules_keep_to_the_style_that_can_be_joined(path: Path) -> None:
    text = path.read_text()
    rest = EXPORT.sub("", IMPORT.sub("", text))
    assert not re.search(r"^\s*(import|export)\b", rest, re.MULTILINE)
    assert "import(" not in rest
    assert "innerHTML" not in rest
    for target in IMPORT.findall(text):
        assert (path.parent / target).resolve().is_file()


def test_top_level_names_are_unique_over_all_modules() -> None:
    owners: dict[str, str] = {}
    for path in modules(ASSETS / "atlas" / "boot.js"):
        declared = re.findall(
            r"^(?:export )?(?:async )?(?:function\*?|const|let|class) (\w+)", path.read_text(), re.MULTILINE
        )
        for name in declared:
            assert name not in owners, f"{name} is declared in {owners[name]} and in {path.name}"
            owners[name] = path.name


def test_every_module_is_part_of_a_script() -> None:
    used = set(modules(ASSETS / "atlas" / "boot.js"))
    for entry in (ASSETS / "standalone").glob("*.js"):
        used |= set(modules(entry))
    assert set(ALL) <= used


def test_the_explorers_address_changes_with_its_content() -> None:
    text, digest = explorer()
    assert len(text) > 10_000
    assert re.fullmatch("[0-9a-f]{16}", digest)
