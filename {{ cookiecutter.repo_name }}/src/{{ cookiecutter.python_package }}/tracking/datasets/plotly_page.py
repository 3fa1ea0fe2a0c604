"""Self-contained HTML pages with a Plotly figure.

MLflow shows HTML in a sandbox where nothing can be fetched, so a page brings plotly.js along:
compressed to 2.2 MB instead of 4.8, and unpacked by the browser.
"""

import base64
import functools
import gzip
import html
from string import Template

_LEVEL = 3  # 0.08 s; the smallest size, 10 % below, takes 0.2 s
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>$title</title>
<style>
body { margin: 0; font: 14px/1.4 "Open Sans", Verdana, Arial, sans-serif; color: #2a3f5f; }
#chart { width: 100%; }
#trouble:not(:empty) { padding: 8px 16px; }
</style>
</head>
<body>
<div id="chart"></div>
<p id="trouble"></p>
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
  }
})();
</script>
</body>
</html>
"""


def plotly_page(figure_json: str, title: str) -> str:
    """Return an HTML page that draws a Plotly figure at the width of its viewer.

    Args:
        figure_json: the figure as JSON, with `data` and `layout`.
        title: title of the page.
    """
    # A `<` could end the script element.
    figure = figure_json.replace("<", "\\u003c")
    return Template(_PAGE).substitute(
        title=html.escape(title), figure=figure, library=_packed_library()
    )


@functools.cache
def _packed_library() -> str:
    """Return plotly.js, compressed and in base64."""
    from plotly.offline import get_plotlyjs

    content = gzip.compress(get_plotlyjs().encode(), _LEVEL, mtime=0)
    return base64.b64encode(content).decode("ascii")
