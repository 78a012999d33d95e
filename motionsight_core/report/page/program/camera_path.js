// The camera's path: how fast it pans, tilts, zooms and rolls, over the clip's time. An arc shows as what is
// left of its pan, whichever way that goes: it is shaded there and has no rate of its own.

const AXES = {
  pan: { title: "Pan", unit: "widths/s", up: "right", below: "left" },
  tilt: { title: "Tilt", unit: "heights/s", up: "up", below: "down" },
  zoom: { title: "Zoom", unit: "log scale/s", up: "in", below: "out" },
  roll: { title: "Roll", unit: "°/s", up: "clockwise", below: "counter-clockwise" },
};
// The least that fills half a chart: noise must not look like motion.
const LEAST = { pan: 0.06, tilt: 0.08, zoom: 0.06, roll: 4 };
const PATH = { width: 420, height: 74, left: 8, right: 8 };

function signOn(axis, label) {
  const motion = MOTIONS[label];
  if (!motion) return null;
  if (motion.axis === "arc") return axis === "pan" ? 0 : null;
  return motion.axis === axis ? motion.sign : null;
}

// Of rows alone the path is as their moves say: so fast from here to there.
function pathOfMoves(clip, axis) {
  const moves = clip.moves.filter((move) => signOn(axis, move[2]) !== null).sort((a, b) => a[0] - b[0]);
  const points = [[clip.start, 0]];
  for (const [from, to, label, rate] of moves) {
    const value = signOn(axis, label) * rate;
    points.push([from, 0], [from, value], [to, value], [to, 0]);
  }
  return [...points, [clip.end, 0]];
}

function pathChart(clip, axis, measured, times) {
  const points = measured ? d3.zip(measured.t_s, measured[axis]) : pathOfMoves(clip, axis);
  const most = Math.max(LEAST[axis], d3.max(points, (point) => Math.abs(point[1])) ?? 0) * 1.1;
  const x = d3.scaleLinear([clip.start, clip.end], [PATH.left, PATH.width - PATH.right]);
  const y = d3.scaleLinear([-most, most], [PATH.height - 4, 4]);
  const line = d3.line((point) => x(point[0]), (point) => y(point[1]));
  const area = d3.area((point) => x(point[0]), y(0), (point) => y(point[1]));
  const moves = clip.moves.filter((move) => signOn(axis, move[2]) !== null);
  const told = moves.length ? moves.map((move) => `${moveWord(move[2])} ${clock(move[0], move[1])}, ${rateWord(move[2], move[3])}`).join("; ") : "no move";
  return h("figure", { class: "path-chart" },
    h("figcaption", null, h("b", null, AXES[axis].title), h("span", null, `${AXES[axis].up} ↑ ${AXES[axis].below} ↓, ±${number(most)} ${AXES[axis].unit}`)),
    s("svg", { viewBox: `0 0 ${PATH.width} ${PATH.height}`, class: `path tone-${axis}`, role: "img", "aria-label": shown(`${AXES[axis].title}: ${told}`) },
      moves.map((move) => s("rect", { class: "path-move", x: x(move[0]), width: Math.max(1, x(move[1]) - x(move[0])), y: 0, height: PATH.height })),
      s("line", { class: "path-zero", x1: PATH.left, x2: PATH.width - PATH.right, y1: y(0), y2: y(0) }),
      clip.cuts.map((cut) => s("line", { class: "path-cut", x1: x(cut), x2: x(cut), y1: 0, y2: PATH.height })),
      s("path", { class: "path-area", d: area(points) }), s("path", { class: "path-line", d: line(points) }),
      times.length ? s("line", { class: "path-now", "data-now": "", y1: 0, y2: PATH.height }) : null));
}

function cameraPath(clip, pictures) {
  const measured = pictures?.path ?? null;
  const times = pictures?.times ?? [];
  const x = d3.scaleLinear([clip.start, clip.end], [PATH.left, PATH.width - PATH.right]);
  const root = h("section", { class: "paths" }, h("h3", null, "How the camera moved"),
    h("p", { class: "remark" }, measured ? "Measured again from the video; shaded where the row names a move."
      : "Drawn from the row's moves; with pictures it is measured from the video."),
    Object.keys(AXES).map((axis) => pathChart(clip, axis, measured, times)),
    h("div", { class: "scale" }, h("span", null, seconds(clip.start)), h("span", null, seconds(clip.end))));
  root.point = (t) => root.querySelectorAll("[data-now]").forEach((line) => fill(line, { x1: x(t), x2: x(t) }, []));
  return root;
}
