// A clip's time, to scale: what the camera does, and below it what moves in the picture.

const MOST_LANES = 4;

// Spans side by side where they do not overlap: each goes into the first lane that is free.
function inLanes(spans) {
  const lanes = [];
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    const lane = lanes.find((one) => one[one.length - 1].end <= span.start + 1e-6);
    if (lane) lane.push(span); else lanes.push([span]);
  }
  return lanes;
}

function lane(clip, spans) {
  const share = (t) => `${(100 * Math.min(1, Math.max(0, (t - clip.start) / clip.length))).toFixed(2)}%`;
  const width = (span) => `${(100 * Math.max(0.006, (span.end - span.start) / clip.length)).toFixed(2)}%`;
  return h("div", { class: "lane" }, spans.map((span) => h("div", {
    class: `span ${span.tone}`, title: shown(span.title), style: { left: share(span.start), width: width(span) },
  }, h("span", null, shown(span.word)))));
}

function moveSpans(clip) {
  return clip.moves.map(([start, end, label, rate]) => ({
    start, end, tone: "tone-" + family(label), word: label === "static" ? "holds still" : moveWord(label),
    title: `${moveWord(label)}, ${clock(start, end)}${rate ? `, ${rateWord(label, rate)}` : ""}`,
  }));
}

function trackSpans(clip) {
  return clip.tracks.map((track) => {
    const way = track.goes === null ? "in place" : `${DIRECTIONS[track.goes]} ${ARROWS[track.goes]}`;
    return {
      start: track.start, end: track.end, tone: "tone-object", word: `${track.label || "object"} ${way}`,
      title: `${track.label || "object"} ${track.id}, ${clock(track.start, track.end)}, goes ${way}, `
        + `${number(track.speed)} widths a second${track.told ? `: ${track.told}` : ""}`,
    };
  });
}

function dissolveWord(kind) {
  return kind.replace("_", " ");
}

function timeline(clip) {
  const objects = inLanes(trackSpans(clip));
  const hidden = d3.sum(objects.slice(MOST_LANES), (one) => one.length);
  const told = [...moveSpans(clip), ...trackSpans(clip)].map((span) => span.title);
  const cuts = clip.cuts.map((cut) => h("div", {
    class: "cut", title: `cut at ${seconds(cut)}`, style: { left: `${(100 * (cut - clip.start)) / clip.length}%` },
  }));
  const share = (t) => (100 * (t - clip.start)) / clip.length;
  const dissolves = clip.dissolves.map(([start, end, kind]) => h("div", {
    class: "dissolve", title: `${dissolveWord(kind)}, ${clock(start, end)}`,
    style: { left: `${share(start)}%`, width: `${share(end) - share(start)}%` },
  }));
  if (clip.cuts.length) told.push(`cut at ${clip.cuts.map(seconds).join(", ")}`);
  told.push(...clip.dissolves.map(([start, end, kind]) => `${dissolveWord(kind)}, ${clock(start, end)}`));
  return h("div", { class: "timeline", role: "img", "aria-label": shown(`Timeline: ${told.join("; ") || "nothing"}`) },
    h("div", { class: "lanes" },
      inLanes(moveSpans(clip)).map((spans) => lane(clip, spans)),
      objects.slice(0, MOST_LANES).map((spans) => lane(clip, spans)), cuts, dissolves),
    h("div", { class: "scale" }, h("span", null, seconds(clip.start)),
      hidden ? h("span", null, `and ${plural(hidden, "more object")}`) : null,
      h("span", null, seconds(clip.end))));
}
