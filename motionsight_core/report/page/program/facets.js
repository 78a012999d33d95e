// Facets: the questions by which clips are told apart. Each has its values per clip, in an order, in words.

function steps(limits, unit) {
  const names = limits.map((limit, i) => (i === 0 ? `under ${limit}` : `${limits[i - 1]}–${limit}`));
  return [...names, `over ${limits[limits.length - 1]}`].map((name) => `${name} ${unit}`);
}

function step(limits, value) {
  return d3.bisectRight(limits, value);
}

const LENGTHS = [0.5, 1, 2, 4, 8];
const SPEEDS = [0.05, 0.1, 0.2, 0.4];
const moving = (clip) => clip.moves.filter((move) => move[2] !== "static");
const pace = (clip) => d3.max(clip.tracks, (track) => track.speed);
const doubts = (clip) =>
  clip.agreement !== null && clip.agreement < catalog.doubtful ? ["text_disagrees", ...clip.notes] : clip.notes;

const FACETS = {
  __proto__: null,
  move: {
    of: (clip) => clip.moves.map((move) => move[2]), order: LABELS, word: moveWord,
    name: (value) => `camera: ${moveWord(value)}`,
  },
  length: {
    of: (clip) => moving(clip).map((move) => String(step(LENGTHS, move[1] - move[0]))),
    order: d3.range(LENGTHS.length + 1).map(String), word: (value) => steps(LENGTHS, "")[value]?.trim(),
    name: (value) => `moves of ${steps(LENGTHS, "s")[value]}`,
  },
  speed: {
    of: (clip) => (clip.speed > 0 ? [String(step(SPEEDS, clip.speed))] : []),
    order: d3.range(SPEEDS.length + 1).map(String), word: (value) => steps(SPEEDS, "")[value]?.trim(),
    name: (value) => `camera speed ${steps(SPEEDS, "widths/s")[value]}`,
  },
  pace: {
    of: (clip) => (clip.tracks.length ? [String(step(SPEEDS, pace(clip)))] : []),
    order: d3.range(SPEEDS.length + 1).map(String), word: (value) => steps(SPEEDS, "")[value]?.trim(),
    name: (value) => `object speed ${steps(SPEEDS, "widths/s")[value]}`,
  },
  steadiness: { of: (clip) => [clip.steadiness], order: STEADINESS, word: String, name: String },
  goes: {
    of: (clip) => clip.goes.map(String), order: d3.range(8).map(String), word: (value) => DIRECTIONS[value],
    name: (value) => `camera goes ${DIRECTIONS[value]}`,
  },
  thing: {
    of: (clip) => clip.tracks.map((track) => track.label.toLowerCase() || "object"), order: [], word: shown,
    name: (value) => `object: ${shown(value)}`,
  },
  way: {
    of: (clip) => clip.tracks.map((track) => (track.goes === null ? "stays" : String(track.goes))),
    order: [...d3.range(8).map(String), "stays"],
    word: (value) => DIRECTIONS[value] ?? "stays in place",
    name: (value) => (value in DIRECTIONS ? `object goes ${DIRECTIONS[value]}` : "object stays in place"),
  },
  annotator: { of: (clip) => [clip.annotator], order: [], word: annotatorWord, name: (value) => `by ${annotatorWord(value)}` },
  doubt: { of: doubts, order: Object.keys(NOTES), word: (value) => NOTES[value] ?? shown(value), name: (value) => NOTES[value] ?? shown(value) },
  error: { of: (one) => [one.error], order: [], word: shown, name: (value) => `failed: ${shown(value)}`, failures: true },
};

for (const item of [...clips, ...failures]) {
  item.values = {};
  for (const [name, facet] of Object.entries(FACETS)) {
    item.values[name] = Boolean(facet.failures) === (item.kind === "failure") ? new Set(facet.of(item)) : new Set();
  }
}

function inRange(item, range) {
  if (!range) return true;
  return item.kind === "clip" && item.score >= range.score[0] && item.score <= range.score[1]
    && item.clarity >= range.clarity[0] && item.clarity <= range.clarity[1];
}

// What a state lets through. For each chart the items that all *other* filters let through, so that a bar
// shows what choosing it would add.
function filtered(state) {
  const asked = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  const chosen = Object.entries(state.facets).filter(([, values]) => values.size);
  const found = [];
  const others = Object.fromEntries([...Object.keys(FACETS), "range"].map((name) => [name, []]));
  for (const item of [...clips, ...failures]) {
    if (item.kind === "clip" && !item.current && !state.allRows) continue;
    if (!asked.every((word) => item.text.includes(word))) continue;
    const failing = chosen.filter(([name, values]) => !overlap(values, item.values[name])).map(([name]) => name);
    if (!inRange(item, state.range)) failing.push("range");
    if (failing.length === 0) {
      found.push(item);
      for (const name in others) others[name].push(item);
    } else if (failing.length === 1) {
      others[failing[0]].push(item);
    }
  }
  return { found: found.sort(ORDERS[state.sort].compare), others };
}

function overlap(chosen, values) {
  for (const value of values) if (chosen.has(value)) return true;
  return false;
}

const byName = (a, b) => d3.ascending(a.kind, b.kind) || d3.ascending(a.name, b.name) || d3.ascending(a.start, b.start);
const down = (value) => (a, b) => d3.ascending(a.kind, b.kind) || d3.descending(value(a), value(b)) || byName(a, b);
const ORDERS = {
  __proto__: null,
  name: { word: "by name", compare: byName },
  doubt: { word: "most doubtful first", compare: down((one) => (one.kind === "clip" ? one.notes.length + 1 - (one.agreement ?? 1) : 0)) },
  motion: { word: "most motion first", compare: down((one) => one.score ?? 0) },
  still: { word: "least motion first", compare: down((one) => -(one.score ?? 0)) },
  blurred: { word: "least clear first", compare: down((one) => -(one.clarity ?? 1)) },
  newest: { word: "newest first", compare: down((one) => one.at) },
};
// Where a report is about scores, by the lowest that a clip has.
if (clips.some((clip) => clip.judged?.length)) {
  const lowest = (one) => Math.min(...(one.judged ?? []).map(([, , score]) => score));
  ORDERS.score = { word: "lowest score first", compare: (a, b) => d3.ascending(lowest(a), lowest(b)) || byName(a, b) };
}
