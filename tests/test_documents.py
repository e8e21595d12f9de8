"""What the documents tell people to type exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer.main

from precompute.cli import app

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/*.md")])


def shell_lines(text: str) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL)
    inline = re.findall(r"`((?:make|platonic-atlas|python -m) [^`]*)`", text)
    lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines + inline if line]


COMMANDS = [(path.name, line) for path in DOCUMENTS for line in shell_lines(path.read_text())]


@pytest.mark.parametrize(("document", "line"), COMMANDS)
def test_commands_in_documents_exist(document: str, line: str) -> None:
    words = shlex.split(line)
    if words[0] == "make":
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
        assert next(w for w in words[1:] if "=" not in w) in targets, document
    elif words[0].endswith("platonic-atlas"):
        command = typer.main.get_command(app)
        words = words[1:]
        while words and hasattr(command, "commands"):
            assert words[0] in command.commands, f"{document}: no command {words[0]!r}"
            command = command.commands[words.pop(0)]
        known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)}
        for word in words:
            if word.startswith("--"):
                assert word in known, f"{document}: no option {word!r} of {line!r}"
    elif words[:2] == ["python", "-m"]:
        path = ROOT / words[2].replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), document
    elif words[0] in ("pip", "gunicorn", "export"):
        pass  # tools of others
    else:
        pytest.fail(f"{document}: a command of no known kind, {line!r}")


def test_every_link_to_a_file_leads_somewhere() -> None:
    for path in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text()):
            if "://" not in target:
                assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_no_source_file_is_too_long() -> None:
    folders = ("precompute", "dashboard", "assets", "tests", "benchmarks", "docs")
    files = [f for d in folders for suffix in ("py", "js") for f in (ROOT / d).rglob(f"*.{suffix}")]
    assert not {str(f): n for f in files if (n := len(f.read_text().splitlines())) > 400}
