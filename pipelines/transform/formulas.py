"""How each indicator is computed, as a fingerprint: its model and the models, seeds and macros that it rests on.

Two nights whose fingerprints of an indicator differ computed it by different rules, so that what moved between them is
not laid to the customer or to the window alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pipelines.settings import Settings
from pipelines.transform.dbt import project_manifest

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

_COMMENTS = re.compile(r"\{#.*?#\}|--[^\n]*", re.DOTALL)


def indicator_formulas(settings: Settings) -> dict[str, str]:
    """Indicator id -> fingerprint of its formula in the parsed project; comments and white space are not in it."""
    return formulas_of(project_manifest(settings))


def formulas_of(manifest: Manifest) -> dict[str, str]:
    """The same of a given manifest."""
    return {
        node.config.meta["indicator"]["id"]: _fingerprint(manifest, key)
        for key, node in sorted(manifest.nodes.items())
        if "indicator" in node.config.meta
    }


def _fingerprint(manifest: Manifest, key: str) -> str:
    texts = sorted(_texts(manifest, key, set()))
    return hashlib.sha256("\n".join(f"{name} {text}" for name, text in texts).encode()).hexdigest()[:16]


def _texts(manifest: Manifest, key: str, seen: set[str]) -> Iterator[tuple[str, str]]:
    """(name, what it says) of a model, seed or macro and of all of the project's that it rests on, each once."""
    part: Any = manifest.macros.get(key) or manifest.nodes.get(key)
    # sources hold data, other packages' macros are dbt's own
    if part is None or key in seen or part.package_name != manifest.metadata.project_name:
        return
    seen.add(key)
    text = part.macro_sql if key in manifest.macros else part.raw_code
    # a seed has no text here, but the sum of its file
    yield part.name, " ".join(_COMMENTS.sub(" ", text).split()) or part.checksum.checksum
    for parent in (*getattr(part.depends_on, "nodes", ()), *part.depends_on.macros):
        yield from _texts(manifest, parent, seen)
