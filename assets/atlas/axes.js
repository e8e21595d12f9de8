/* A transparent Plotly graph over the points: it draws the axes and turns drags and wheels into ranges. */

const CONFIG = { displayModeBar: false, scrollZoom: true, doubleClick: false, responsive: false, showTips: false };

const axisNames = (panel) => ["xaxis", "yaxis"].map((name) => name + (panel ? panel + 1 : ""));

export function makeAxes(host, { moving, moved, placed, failed }) {
  let shown = 0;
  let listening = false;
  let wanted = null; // what to show once Plotly is there
  let plotly = null;

  const full = () => host._fullLayout;
  const rangesNow = () =>
    Array.from({ length: shown }, (_, i) => axisNames(i).flatMap((name) => full()[name].range.map(Number)));

  function rects() {
    return Array.from({ length: shown }, (_, i) => {
      const [x, y] = axisNames(i).map((name) => full()[name]);
      return { x: x._offset, y: y._offset, w: x._length, h: y._length };
    });
  }

  function layoutOf({ width, height, panels, linked, tool, look }) {
    const layout = {
      width, height, margin: { l: 0, r: 0, t: 0, b: 0, pad: 0 }, showlegend: false, hovermode: false,
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", dragmode: tool === "zoom" ? "zoom" : "pan",
      font: { family: look.font, size: 10, color: look.quiet },
    };
    panels.forEach(({ rect, ranges }, i) => {
      const [x, y] = axisNames(i);
      const anchors = i ? [`y${i + 1}`, `x${i + 1}`] : ["y", "x"];
      const common = {
        showgrid: false, zeroline: false, showline: false, mirror: true,
        ticks: "inside", ticklen: 3, tickcolor: look.line, showticklabels: false, nticks: 6, automargin: false,
      };
      layout[x] = { ...common, anchor: anchors[0], range: ranges.slice(0, 2), domain: [rect.x / width, (rect.x + rect.w) / width] };
      layout[y] = {
        ...common, anchor: anchors[1], range: ranges.slice(2), domain: [1 - (rect.y + rect.h) / height, 1 - rect.y / height],
      };
      if (linked && i) [layout[x].matches, layout[y].matches] = ["x", "y"];
    });
    return layout;
  }

  function render() {
    if (!wanted || !plotly) return;
    const data = wanted.panels.map((_, i) => ({
      type: "scatter", x: [null], y: [null], mode: "markers", hoverinfo: "skip",
      xaxis: i ? `x${i + 1}` : "x", yaxis: i ? `y${i + 1}` : "y",
    }));
    shown = wanted.panels.length;
    plotly.react(host, data, layoutOf(wanted), CONFIG).then(() => shown && placed(rects()), failed);
    if (listening) return;
    listening = true;
    host.on("plotly_relayouting", () => moving(rangesNow()));
    host.on("plotly_relayout", () => shown && moved(rangesNow()));
  }

  return {
    show(next) {
      wanted = next;
      render();
    },
    /* To be called with Plotly when it has come. */
    begin(found) {
      plotly = found;
      render();
    },
    rects,
    ranges: rangesNow,
    ready: () => Boolean(listening),
  };
}
