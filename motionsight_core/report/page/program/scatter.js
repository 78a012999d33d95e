// Motion against clarity: a dot per clip. Dragging a frame filters, a click opens the clip.

const SCATTER = { height: 260, left: 46, right: 14, top: 26, bottom: 40 };
let scatterWidth = 0;

function scatter(items, room) {
  const shown_ = items.filter((item) => item.kind === "clip" && item.score !== null && item.clarity !== null);
  const all = clips.filter((clip) => clip.score !== null && clip.clarity !== null);
  const width = (scatterWidth = Math.max(260, room.clientWidth));
  const x = d3.scaleSqrt([0, d3.max(all, (clip) => clip.score) || 1], [SCATTER.left, width - SCATTER.right]).nice();
  const y = d3.scaleLinear(clarityDomain(all), [SCATTER.height - SCATTER.bottom, SCATTER.top]).nice();
  const inside = new Set(shown_);
  const size = all.length > 1500 ? 4 : all.length > 200 ? 6 : 9;
  const dots = (some) => some.map((clip) => `M${x(clip.score).toFixed(1)},${y(clip.clarity).toFixed(1)}h0`).join("");
  const root = s("svg", {
    class: "scatter", viewBox: `0 0 ${width} ${SCATTER.height}`, role: "img",
    "aria-label": `${plural(shown_.length, "clip")} by motion and clarity. The same order is offered by the gallery's sorting.`,
  });
  const svg = d3.select(root);
  svg.append("g").attr("class", "axis").attr("transform", `translate(0,${SCATTER.height - SCATTER.bottom})`)
    .call(d3.axisBottom(x).ticks(width < 500 ? 3 : 6).tickSizeOuter(0));
  svg.append("g").attr("class", "axis grid").attr("transform", `translate(${SCATTER.left},0)`)
    .call(d3.axisLeft(y).ticks(5).tickSize(-(width - SCATTER.left - SCATTER.right)));
  svg.append("text").attr("class", "axis-word").attr("x", width - SCATTER.right).attr("y", SCATTER.height - 4)
    .attr("text-anchor", "end").text("motion, frame widths a second →");
  svg.append("text").attr("class", "axis-word").attr("x", 4).attr("y", 12).text("clarity, 0 blurred to 1 sharp ↑");
  svg.append("path").attr("class", "dots away").attr("stroke-width", size).attr("d", dots(all.filter((clip) => !inside.has(clip))));
  for (const kind of STEADINESS) {
    svg.append("path").attr("class", `dots tone-${kind}`).attr("stroke-width", size)
      .attr("d", dots(shown_.filter((clip) => clip.steadiness === kind)));
  }
  const mark = svg.append("circle").attr("class", "mark").attr("r", size / 2 + 3).attr("display", "none");
  const tip = svg.append("title");
  const nearest = (event) => {
    const [px, py] = d3.pointer(event, root);
    const best = d3.least(shown_, (clip) => Math.hypot(x(clip.score) - px, y(clip.clarity) - py));
    return best && Math.hypot(x(best.score) - px, y(best.clarity) - py) < 14 ? best : null;
  };
  const brush = d3.brush()
    .extent([[SCATTER.left, SCATTER.top], [width - SCATTER.right, SCATTER.height - SCATTER.bottom]])
    .on("end", (event) => {
      if (!event.sourceEvent) return;
      if (!event.selection) {
        const clip = nearest(event.sourceEvent);
        if (clip) choose({ clip: clip.key }); else if (state.range) choose({ range: null });
        return;
      }
      const [[x0, y0], [x1, y1]] = event.selection;
      choose({ range: { score: [x.invert(x0), x.invert(x1)], clarity: [y.invert(y1), y.invert(y0)] } });
    });
  const layer = svg.append("g").attr("class", "brush").call(brush);
  layer.on("pointermove", (event) => {
    const clip = nearest(event);
    mark.attr("display", clip ? null : "none");
    tip.text(clip ? `${shown(clip.name)}: ${number(clip.score)} widths a second, clarity ${number(clip.clarity)}` : "");
    if (clip) mark.attr("cx", x(clip.score)).attr("cy", y(clip.clarity));
    layer.select(".overlay").attr("cursor", clip ? "pointer" : "crosshair");
  });
  if (state.range) {
    const { score, clarity } = state.range;
    layer.call(brush.move, [[x(score[0]), y(clarity[1])], [x(score[1]), y(clarity[0])]]);
  }
  room.replaceChildren(root);
}

function clarityDomain(all) {
  const [low, high] = d3.extent(all, (clip) => clip.clarity);
  if (low === undefined) return [0, 1];
  return high - low < 0.05 ? [Math.max(0, low - 0.05), Math.min(1, high + 0.05)] : [low, high];
}
