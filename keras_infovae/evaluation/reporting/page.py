"""A report as one HTML page that needs nothing else."""

import base64
import html
import string

from keras_infovae.evaluation.texts import Lines

_STYLE = """
:root { --ink: #1f2933; --muted: #667085; --line: #e4e7ec; --paper: #ffffff; --ground: #f5f6f8;
  --good: #14804a; --fair: #b54708; --poor: #b42318; --unknown: #667085; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; }
h2 { font-size: 19px; margin: 44px 0 12px; }
p { margin: 0 0 8px; }
ul { margin: 0; padding-left: 20px; color: var(--muted); }
.lead { color: var(--muted); }
.verdict { margin: 20px 0 0; font-size: 16px; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(310px, 1fr)); gap: 14px; }
.card { background: var(--paper); border: 1px solid var(--line); border-radius: 8px;
  border-left: 5px solid var(--level); padding: 14px 16px; }
.card h3 { font-size: 15px; margin: 0 0 6px; display: flex; justify-content: space-between;
  gap: 12px; }
.card .level { color: var(--level); font-size: 12px; font-weight: 600; text-transform: uppercase;
  letter-spacing: .05em; padding-top: 2px; }
.card .rule { color: var(--muted); font-size: 12.5px; margin: 8px 0 0; }
.good { --level: var(--good); } .fair { --level: var(--fair); }
.poor { --level: var(--poor); } .unknown { --level: var(--unknown); }
figure { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; margin: 0;
  padding: 8px; overflow: hidden; }
figure img { display: block; width: 100%; max-width: var(--natural); height: auto; margin: 0 auto; }
.figures { display: grid; grid-template-columns: 1fr; gap: 14px; }
.tables { columns: 3 300px; column-gap: 14px; }
table { width: 100%; break-inside: avoid; margin: 0 0 18px;
  border-collapse: collapse; background: var(--paper); font-size: 13.5px;
  border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
caption { text-align: left; font-weight: 600; padding: 0 0 6px; }
td, th { padding: 5px 12px; border-top: 1px solid var(--line); text-align: left;
  vertical-align: top; }
td:last-child { text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
tr:first-child td { border-top: 0; }
.lines td:last-child { text-align: left; white-space: normal; }
footer { margin-top: 48px; color: var(--muted); font-size: 13px; }
@media print { body { background: white; } .card, figure { break-inside: avoid; } }
"""

_ABBREVIATIONS = ("elbo", "kl", "mmd")

_PAGE = string.Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>$style</style>
</head>
<body>
<main>
<h1>$title</h1>
<p class="lead">$lead</p>
<p class="verdict">$verdict</p>
<h2>Is it healthy?</h2>
<div class="cards">
$cards
</div>
$sections
$left_out
<h2>All numbers</h2>
<div class="tables">
$tables
</div>
<footer>$footer</footer>
</main>
</body>
</html>
""")

_CARD = string.Template("""<section class="card $level">
<h3>$question <span class="level">$level</span></h3>
<p>$sentence</p>
<p class="rule">$rule</p>
</section>""")


def render(title, lead, diagnoses, sections, tables, footer, left_out=()):
    """Returns the text of the page.

    Args:
        title, lead, footer: plain text.
        diagnoses: a list of `Diagnosis`.
        sections: {heading: a list of (name of a picture, path of its PNG file), and of
            `texts.Lines`}.
        tables: {caption: {name: value}}.
        left_out: sentences on what the page does not have. Default none.
    """
    return _PAGE.substitute(
        title=html.escape(title),
        style=_STYLE,
        lead=html.escape(lead),
        verdict=html.escape(verdict(diagnoses)),
        cards="\n".join(map(_card, diagnoses)),
        sections="\n".join(_section(*section) for section in sections.items()),
        left_out=_left_out(left_out),
        tables="\n".join(_table(*table) for table in tables.items()),
        footer=html.escape(footer),
    )


def verdict(diagnoses):
    """Returns a sentence that counts the diagnoses and names the poor ones."""
    count = {level: 0 for level in ("good", "fair", "poor", "unknown")}
    for diagnosis in diagnoses:
        count[diagnosis.level] += 1
    words = ", ".join(f"{number} {level}" for level, number in count.items() if number)
    poor = [d.question.rstrip("?") for d in diagnoses if d.level == "poor"]
    return f"{words}." + (f" Look first at: {'; '.join(poor)}." if poor else "")


def _card(diagnosis):
    values = {
        name: html.escape(getattr(diagnosis, name))
        for name in ("question", "level", "sentence", "rule")
    }
    return _CARD.substitute(values)


def _section(heading, pictures):
    figures = "\n".join(
        _lines(shown) if isinstance(shown, Lines) else _figure(*shown) for shown in pictures
    )
    return f'<h2>{html.escape(heading)}</h2>\n<div class="figures">\n{figures}\n</div>'


def _left_out(sentences):
    lines = "\n".join(f"<li>{html.escape(sentence)}</li>" for sentence in sentences)
    return f"<h2>Left out</h2>\n<ul>\n{lines}\n</ul>" if lines else ""


def _figure(name, path):
    with open(path, "rb") as file:
        content = file.read()
    width = int.from_bytes(content[16:20], "big")  # of a PNG's header
    data = base64.b64encode(content).decode("ascii")
    return (
        f'<figure><img style="--natural: {width // 3 * 2}px" alt="{html.escape(name)}" '
        f'src="data:image/png;base64,{data}"></figure>'
    )


def _lines(lines):
    columns = "".join(f"<th>{html.escape(name)}</th>" for name in lines.columns)
    rows = "\n".join(
        "<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in row) + "</tr>"
        for row in lines.rows
    )
    caption = html.escape(lines.heading)
    return f'<table class="lines"><caption>{caption}</caption>\n<tr>{columns}</tr>\n{rows}</table>'


def _table(caption, values):
    rows = "\n".join(
        f"<tr><td>{html.escape(_label(name))}</td><td>{html.escape(_text(value))}</td></tr>"
        for name, value in values.items()
        if not isinstance(value, (dict, list))
    )
    return f"<table><caption>{html.escape(caption)}</caption>\n{rows}\n</table>"


def _label(name):
    return " ".join(word.upper() if word in _ABBREVIATIONS else word for word in name.split("_"))


def _text(value):
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
