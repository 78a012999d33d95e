// The catalog: what was written into the page, read once, and what is only read when it is asked for.

function readCatalog() {
  const { rows, failures, ...rest } = JSON.parse(byId("catalog").textContent);
  return { ...rest, rows: entriesOf(rows), failures: entriesOf(failures) };
}

// A table whose names are written once, as an object for each of its lines.
function entriesOf({ names, values }) {
  return values.map((line) => Object.fromEntries(names.map((name, index) => [name, line[index]])));
}

const catalog = readCatalog();
const prefix = catalog.rows.concat(catalog.failures).every((one) => one.uri.startsWith(catalog.source + "/"))
  ? catalog.source.length + 1 : 0;
const clipsOfVideo = d3.rollup(catalog.rows, (rows) => new Set(rows.map((row) => row.clip)).size, (row) => row.uri);
const recipes = new Map(catalog.recipes.map((recipe) => [recipe.recipe, recipe]));

function nameOf(one) {
  const name = one.uri.slice(prefix) || one.uri;
  return clipsOfVideo.get(one.uri) > 1 ? `${name} (${clock(one.start, one.end)})` : name;
}

const clips = catalog.rows.map((row, index) => ({
  ...row, index, kind: "clip", name: nameOf(row), length: Math.max(0, row.end - row.start),
  key: row.current ? row.clip : `${row.clip}:${row.recipe}`,
  text: [row.uri, row.object, row.camera, row.names.join(" "), row.moves.map((move) => moveWord(move[2])).join(" "),
    row.tracks.map((track) => `${track.label} ${track.told ?? ""}`).join(" "), row.steadiness].join("\n").toLowerCase(),
}));
const failures = catalog.failures.map((row, index) => ({
  ...row, index, kind: "failure", name: row.uri.slice(prefix) || row.uri, length: 0,
  text: [row.uri, row.error, row.message, row.stage].join("\n").toLowerCase(),
}));
const clipByKey = new Map(clips.map((clip) => [clip.key, clip]));

// What the warehouse holds of a clip; null while the page is still being read, and in a browser that cannot
// unpack it.
async function rowOf(clip) {
  const pack = byId(`rows-${Math.floor(clip.index / catalog.rowsTogether)}`);
  if (!pack || typeof DecompressionStream === "undefined") return null;
  const bytes = Uint8Array.from(atob(pack.textContent), (letter) => letter.charCodeAt(0));
  const rows = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).json();
  return rows[clip.index % catalog.rowsTogether];
}

function picturesOf(clip) {
  const block = byId(`pictures-${clip.clip}`);
  return block ? JSON.parse(block.textContent) : null;
}

// Why there are no pictures of a clip, in a sentence.
function reasonOf(pictures) {
  if (pictures) return `No pictures: ${shown(pictures.reason)}`;
  if (document.readyState === "loading") return "The pictures are being read.";
  if (catalog.frames === "none") return "This report was written without pictures; --frames few or all brings them.";
  return "This report holds pictures of some clips only; --frames all brings those of every clip.";
}
