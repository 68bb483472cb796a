"""The runbooks: one Markdown file for each gotcha, with its symptom, cause, cure, and how to confirm it."""

from dataclasses import dataclass
from pathlib import Path

from aiops.config.spelling import did_you_mean
from aiops.errors import WrongUse

PACKAGED = "runbook_files"
"""The folder that a wheel has them in, inside of the package; pyproject.toml puts them there."""
_HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, kw_only=True)
class Runbook:
    """One of them."""

    slug: str
    title: str
    text: str
    """The whole file: Markdown."""


def slugs() -> tuple[str, ...]:
    """The names of all of them, sorted."""
    return tuple(sorted(file.stem for file in _folder().glob("*.md")))


def read(slug: str) -> Runbook:
    """The one of that name; WrongUse where there is none."""
    known = slugs()
    if slug not in known:
        raise WrongUse(f"no runbook `{slug}`{did_you_mean(slug, known)}", "`aiops runbook` lists them")
    text = (_folder() / f"{slug}.md").read_text(encoding="utf-8")
    return Runbook(slug=slug, title=text.partition("\n")[0].removeprefix("# "), text=text)


def _folder() -> Path:
    """An installed aiops has its own; a checkout has them beside the package."""
    packaged = _HERE / PACKAGED
    return packaged if packaged.is_dir() else _HERE.parent / "runbooks"
