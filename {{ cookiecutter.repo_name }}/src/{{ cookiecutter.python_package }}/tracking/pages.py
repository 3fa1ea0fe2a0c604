"""Self-contained HTML pages with a Plotly figure, made without importing Plotly.

MLflow shows HTML in a sandbox where nothing can be fetched, so a page brings plotly.js along:
compressed to 2.2 MB instead of 4.8, and unpacked by the browser.
"""

import base64
import gzip
import html
import importlib.util
import json
import threading
from pathlib import Path

from .logs import PlainLogger

logger = PlainLogger(__name__)

_LIBRARY = Path("package_data", "plotly.min.js")
# 0.08 s; the smallest size, 10 % below, takes 0.2 s.
_LEVEL = 3
_lock = threading.Lock()
_packed: dict[Path, str] = {}

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>$title</title>
<style>
body { margin: 0; font: 14px/1.4 "Open Sans", Verdana, Arial, sans-serif; color: #2a3f5f; }
#chart { width: 100%; }
#trouble:not(:empty), details { padding: 8px 16px; }
table { border-collapse: collapse; }
td, th { padding: 2px 12px 2px 0; text-align: left; border-bottom: 1px solid #e5ecf6; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
</style>
</head>
<body>
<div id="chart"></div>
<p id="trouble"></p>
$below
<script type="application/json" id="figure">$figure</script>
<script type="text/plain" id="library">$library</script>
<script>
(async () => {
  const read = id => document.getElementById(id).textContent;
  try {
    const bytes = Uint8Array.from(atob(read("library")), letter => letter.charCodeAt(0));
    const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(unpacked).text();
    document.head.append(script);
    const figure = JSON.parse(read("figure"));
    const config = Object.assign({ responsive: true, displaylogo: false }, figure.config);
    await Plotly.newPlot("chart", figure.data, figure.layout, config);
  } catch (error) {
    document.getElementById("trouble").textContent =
      "This browser cannot draw the chart; one from 2023 or later can. (" + error + ")";
    document.querySelectorAll("details").forEach(part => { part.open = true; });
  }
})();
</script>
</body>
</html>
"""


def plotly_page(figure_json: str, title: str, below: str = "") -> str:
    """Return an HTML page that draws a Plotly figure at the width of its viewer.

    Args:
        figure_json: the figure as JSON, with `data` and `layout`.
        title: title of the page.
        below: HTML that stands below the chart; a `details` element in it is opened where the
            chart can't be drawn.

    Raises:
        ModuleNotFoundError: the package plotly is not installed.
    """
    parts = {
        "$title": html.escape(title),
        "$below": below,
        # A `<` could end the script element.
        "$figure": figure_json.replace("<", "\\u003c"),
        "$library": packed_library(),
    }
    page = []
    rest = _PAGE
    for mark, text in parts.items():
        before, _, rest = rest.partition(mark)
        page += [before, text]
    return "".join([*page, rest])


def packed_library() -> str:
    """Return plotly.js of the installed package, compressed and in base64; made once a process.

    Raises:
        ModuleNotFoundError: the package plotly is not installed.
    """
    found = importlib.util.find_spec("plotly")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("the package plotly is not installed; `pip install plotly`")
    path = Path(found.origin).parent / _LIBRARY
    with _lock:
        if path not in _packed:
            content = gzip.compress(path.read_bytes(), _LEVEL, mtime=0)
            _packed[path] = base64.b64encode(content).decode("ascii")
        return _packed[path]


def prepare() -> None:
    """Compress plotly.js ahead of time, in a thread: zlib leaves the interpreter free."""

    def pack() -> None:
        try:
            packed_library()
        except (OSError, ImportError) as error:  # the page that needs it tells it
            logger.debug("plotly.js is not at hand: %s", error)

    threading.Thread(target=pack, name="pack-plotly", daemon=True).start()


def escaped_json(content: object) -> str:
    """Return JSON for `plotly_page`; numbers that JSON does not know become null."""
    try:
        return json.dumps(content, allow_nan=False, separators=(",", ":"), default=str)
    except ValueError:
        text = json.dumps(content, default=str)
        return json.dumps(json.loads(text, parse_constant=lambda _: None))
