"""The validation report: one page that needs nothing from outside, over the pages that Great Expectations builds.

Its own index needs scripts from six content networks and shows nothing without them, and its logo tells a server of its
makers that the page was opened. The result pages are kept, without what they would load from outside.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from jinja2 import Environment, FileSystemLoader

from pipelines.validate.checkpoint import stored_name

logger = logging.getLogger(__name__)

RUNS_SHOWN = 15
_CHECKS = """
    select data_quality.*
    from control.data_quality as data_quality
    inner join (select run_id, started_at from control.run order by started_at desc limit :runs) as run
        on run.run_id = data_quality.run_id
    order by run.started_at desc, data_quality.run_id, data_quality.severity, data_quality.dataset,
        data_quality.check_name
"""
# What a page would load from outside, and the advertisement at its foot.
_FROM_OUTSIDE = re.compile(
    r'<script[^>]*src="https?://[^>]*>\s*</script>|<link[^>]*href="https?://[^>]*>|<img[^>]*src="https?://[^>]*>'
    r"|<footer.*?</footer>",
    re.DOTALL,
)
_OUTSIDE_IN_STYLES = re.compile(r"url\(\s*['\"]?https?://[^)]*\)")


def report_page(home: Path) -> Path:
    """The report's first page: every rule of the last runs, what was found, links to the stored results."""
    return home / "validation" / "report" / "index.html"


def write_report(home: Path, engine: sa.Engine) -> Path:
    """Write the first page anew and take what lies outside out of the others; the page's path.

    The report is for people: where it cannot be written (a full disk), that is logged and no night fails for it.
    """
    page = report_page(home)
    try:
        _write(home, engine, page)
    except (OSError, sa.exc.SQLAlchemyError):
        logger.exception("the validation report could not be written; the results are stored")
    return page


def _write(home: Path, engine: sa.Engine, page: Path) -> None:
    _forget_pages_without_result(page.parent, home / "validation" / "gx" / "uncommitted" / "validations")
    with engine.connect() as connection:
        checks = connection.execute(sa.text(_CHECKS), {"runs": RUNS_SHOWN}).all()
    nights = [_night(page.parent, run_id, list(rows)) for run_id, rows in groupby(checks, lambda row: row.run_id)]
    folder = Path(__file__).parent
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True, trim_blocks=True)
    text = environment.get_template("report.html.j2").render(nights=nights)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(text, "utf-8")
    for built in page.parent.glob("*/**/*.html"):
        _close(built)


def _forget_pages_without_result(report: Path, stored: Path) -> None:
    """Results are kept for a number of nights; a page goes with its result."""
    pages = report / "validations"
    for page in pages.glob("**/*.html"):
        if not (stored / page.relative_to(pages)).with_suffix(".json").exists():
            page.unlink()


def _night(folder: Path, run_id: str, checks: Sequence[Any]) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "as_of_date": checks[0].as_of_date,
        "checks": checks,
        "broken": [check for check in checks if not check.passed],
        "passed": [check for check in checks if check.passed],
        "pages": _pages(folder, run_id),
    }


def _pages(folder: Path, run_id: str) -> dict[str, str]:
    """Dataset -> address of the newest stored result of the run, relative to the report's folder."""
    found = sorted(folder.glob(f"validations/*/*/{stored_name(run_id)}/*/*.html"))
    return {page.stem.rpartition("-")[2]: quote(str(page.relative_to(folder))) for page in found}


def _close(page: Path) -> None:
    text = page.read_text("utf-8")
    closed = _OUTSIDE_IN_STYLES.sub("none", _FROM_OUTSIDE.sub("", text))
    if closed != text:
        page.write_text(closed, "utf-8")
