"""A run's report as one page that needs no network: styles, charts (SVG) and thumbnails are in it. Pure."""

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from loupe_batch.rows import Row
from loupe_core.confidence import percent

SHOWN_BARS = 20
WIDTH, HEIGHT, LEFT, BOTTOM = 720, 220, 8, 28
# Above the bars: their counts, and above those what the threshold is.
HEAD = 44
STYLE = Path(__file__).with_name("report.css").read_text(encoding="utf-8")


def page(summary: Mapping[str, Any], unsure: Sequence[tuple[Row, bytes | None]]) -> str:
    """The report of `summary.json`, with the least sure pictures and their thumbnails (JPEG)."""
    name = escape(summary["run"])
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>Loupe batch {name}</title><style>{STYLE}</style></head><body>
<h1>Batch {name}</h1>
<p class="about">{_about(summary)}</p>
{_failure(summary)}
{_figures(summary)}
<h2>Classes</h2>
{_bars(summary["labels"], summary["otherLabels"])}
<h2>Confidence</h2>
{_histogram(summary["histogram"], summary["threshold"])}
{_changes(summary)}
<h2>Errors</h2>
{_errors(summary)}
<h2>The least sure</h2>
{_gallery(unsure)}
<h2>Cost and time</h2>
{_costs(summary)}
</body></html>
"""


def _about(summary: Mapping[str, Any]) -> str:
    source = summary["source"]
    place = f"s3://{source['bucket']}/{source['key']}" if source["bucket"] else "the records"
    hosted = ", ".join(f"{each['count']} × {each['type']}" for each in summary["instances"])
    where = f"a temporary endpoint ({hosted})" if hosted else f"the endpoint {summary['endpoint']}"
    started = summary["startedAt"][:16].replace("T", " ")
    return escape(f"{place}, classified by {summary['model']} on {where}, {started} UTC")


def _failure(summary: Mapping[str, Any]) -> str:
    failure = summary["failure"]
    if not failure:
        return ""
    said = f"{escape(failure['error'])}: {escape(failure['cause'])}"
    return f'<p class="failure"><strong>The run did not finish.</strong> {said}</p>'


def _figures(summary: Mapping[str, Any]) -> str:
    seconds = summary["durationMs"] / 1000
    done = summary["pictures"] - summary["carried"]
    shown = [
        ("Pictures", f"{summary['pictures']:,}", ""),
        ("Classified", f"{summary['classified']:,}", "good"),
        (f"Below {100 * summary['threshold']:g}%", f"{summary['rejected']:,}", "warn"),
        ("Failed", f"{summary['failed']:,}", "bad" if summary["failed"] else ""),
        ("Pictures a second", f"{done / seconds:,.1f}" if seconds > 0 else "–", ""),
        ("Took", _spoken(seconds), ""),
        ("Cost, endpoint apart", f"${summary['cost']:,.4f}", ""),
    ]
    if summary["carried"]:
        shown.insert(1, ("From the run before", f"{summary['carried']:,}", ""))
    if summary.get("inReview"):
        shown.insert(-3, ("Wait for a person", f"{summary['inReview']:,}", ""))
    if summary.get("lookedForFaces"):
        shown.insert(-3, ("Faces", f"{summary['faces']:,}", ""))
    if summary.get("annotated"):
        shown.insert(-3, ("Annotated copies", f"{summary['annotated']:,}", ""))
    cells = (f'<div><dt>{name}</dt><dd class="{kind}">{value}</dd></div>' for name, value, kind in shown)
    return f'<dl class="figures">{"".join(cells)}</dl>'


def _bars(labels: Mapping[str, int], others: int) -> str:
    if not labels:
        return "<p>No picture was answered.</p>"
    most = max(labels.values())
    rows = []
    for label, count in list(labels.items())[:SHOWN_BARS]:
        bar = f'<span class="bar" style="width:{100 * count / most:.2f}%"></span>'
        rows.append(f'<span class="name">{escape(label)}</span>{bar}<span class="count">{count:,}</span>')
    more = max(0, len(labels) - SHOWN_BARS) + others
    note = f"<p>{more:,} more classes stand in summary.json and results.csv.</p>" if more else ""
    return f'<div class="bars">{"".join(rows)}</div>{note}'


def _histogram(bins: Sequence[int], threshold: float) -> str:
    """Bars in twentieths; those that the threshold cuts off in another colour, the threshold as a line."""
    most, inner = max(bins) or 1, WIDTH - 2 * LEFT
    step, floor = inner / len(bins), HEIGHT - BOTTOM
    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Histogram of confidence">']
    for number, count in enumerate(bins):
        height = (floor - HEAD) * count / most
        colour = "var(--good)" if (number + 0.5) / len(bins) >= threshold else "var(--warn)"
        x = LEFT + number * step
        span = f"{number / len(bins):.0%} to {(number + 1) / len(bins):.0%}"
        parts.append(
            f'<rect x="{x + 1:.1f}" y="{floor - height:.1f}" width="{step - 2:.1f}" height="{height:.1f}" '
            f'fill="{colour}"><title>{span}: {count:,}</title></rect>'
        )
        if count:
            place = f'x="{x + step / 2:.1f}" y="{floor - height - 5:.1f}"'
            parts.append(f'<text {place} text-anchor="middle">{_short(count)}</text>')
    for tenth in range(0, 11, 2):
        x = LEFT + inner * tenth / 10
        anchor = "start" if tenth == 0 else "end" if tenth == 10 else "middle"
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 8}" text-anchor="{anchor}">{tenth * 10} %</text>')
    x = LEFT + inner * threshold
    parts.append(
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="4" y2="{floor}" stroke="var(--bad)" stroke-dasharray="4 3"/>'
        f'<text x="{x - 5:.1f}" y="14" text-anchor="end">threshold {100 * threshold:g}%</text></svg>'
    )
    # It scrolls where the screen is narrow, by keyboard, too.
    return f'<div class="chart" tabindex="0" role="group" aria-label="Confidence">{"".join(parts)}</div>'


def _short(count: int) -> str:
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if count >= size * 10:
            return f"{count / size:.0f}{letter}"
    return str(count)


def _changes(summary: Mapping[str, Any]) -> str:
    if not summary["compared"]:
        return ""
    said = f"{summary['changed']:,} of {summary['compared']:,} have another label than before."
    head = f"<h2>What changed</h2><p>{said}</p>"
    rows = "".join(
        f"<tr><td>{escape(each['before'] or '(none)')}</td><td>{escape(each['after'])}</td>"
        f'<td class="number">{each["pictures"]:,}</td></tr>'
        for each in summary["changes"][:SHOWN_BARS]
    )
    if not rows:
        return head
    return f'{head}<table><tr><th>before</th><th>now</th><th class="number">pictures</th></tr>{rows}</table>'


def _errors(summary: Mapping[str, Any]) -> str:
    faces = "".join(
        f"<p>Of {count:,} pictures the faces are not known: {escape(name)}.</p>"
        for name, count in summary.get("facesErrors", {}).items()
    )
    if not summary["errors"]:
        return faces or "<p>None.</p>"
    blocks = [faces]
    for name, count in summary["errors"].items():
        items = "".join(
            f"<li>s3://{escape(each['bucket'])}/{escape(each['key'])}<br>{escape(each['cause'])}</li>"
            for each in summary["examples"].get(name, [])
        )
        blocks.append(f"<details><summary>{escape(name)}: {count:,}</summary><ul>{items}</ul></details>")
    return (
        "".join(blocks) + "<p>failed.csv has them all, and is itself a source: loupe batch …/failed.csv</p>"
    )


def _gallery(unsure: Sequence[tuple[Row, bytes | None]]) -> str:
    if not unsure:
        return "<p>No picture was answered.</p>"
    cells = []
    for row, thumbnail in unsure:
        picture = '<div class="none">no preview</div>'
        if thumbnail is not None:
            picture = (
                f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(thumbnail).decode("ascii")}">'
            )
        said = f"{escape(row.label)} {percent(row.confidence or 0)}"
        name = escape(row.item.key.rstrip("/").rpartition("/")[2] or row.item.key)
        cells.append(f"<figure>{picture}<figcaption>{said}<small>{name}</small></figcaption></figure>")
    return f'<div class="gallery">{"".join(cells)}</div>'


def _costs(summary: Mapping[str, Any]) -> str:
    pictures = max(1, summary["pictures"] - summary["carried"])
    million = summary["costsOfAMillion"]
    rows = [(name, dollars, million[name]) for name, dollars in summary["costs"].items()]
    rows.append(("Together", summary["cost"], sum(million.values())))
    body = "".join(
        f'<tr><td>{name}</td><td class="number">${here:,.4f}</td><td class="number">${there:,.2f}</td></tr>'
        for name, here, there in rows
    )
    per_picture = summary["functionMs"] / pictures
    return (
        '<table><tr><th>endpoint apart</th><th class="number">this run</th>'
        f'<th class="number">a million such</th></tr>{body}</table>'
        f"<p>Estimated from {summary['calls']:,} calls of {per_picture:,.0f} ms a picture at the published "
        "prices of us-east-1; preparing and finishing are included.</p>"
    )


def _spoken(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
