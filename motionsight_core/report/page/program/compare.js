// Two recipes side by side: the clips that both annotated, those on which they differ most first.

// Share of time in which exactly one of the two says that the camera makes a move.
function movesApart(a, b) {
  const bounds = [...new Set([...a.moves, ...b.moves].flatMap((move) => [move[0], move[1]]))].sort(d3.ascending);
  const at = (clip, t) => new Set(clip.moves.filter((move) => move[0] <= t && t < move[1]).map((move) => move[2]));
  let [same, all] = [0, 0];
  for (const [from, to] of d3.pairs(bounds)) {
    const [one, other] = [at(a, (from + to) / 2), at(b, (from + to) / 2)];
    same += (to - from) * d3.intersection(one, other).size;
    all += (to - from) * d3.union(one, other).size;
  }
  return all ? 1 - same / all : 0;
}

function wordsOf(text) {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []);
}

function wordsApart(a, b) {
  const [one, other] = [wordsOf(a), wordsOf(b)];
  const all = d3.union(one, other).size;
  return all ? 1 - d3.intersection(one, other).size / all : 0;
}

const APART = {
  "camera moves": movesApart,
  "objects": (a, b) => Math.abs(a.tracks.length - b.tracks.length) / Math.max(1, a.tracks.length, b.tracks.length),
  "steadiness": (a, b) => (a.steadiness === b.steadiness ? 0 : 1),
  "camera text": (a, b) => wordsApart(a.camera, b.camera),
  "object text": (a, b) => wordsApart(a.object, b.object),
};

function pairs(a, b, found) {
  const byRecipe = (recipe) => new Map(clips.filter((clip) => clip.recipe === recipe).map((clip) => [clip.clip, clip]));
  const [ones, others_] = [byRecipe(a), byRecipe(b)];
  const wanted = new Set(found.map((item) => item.clip));
  return [...ones.values()].filter((clip) => others_.has(clip.clip) && wanted.has(clip.clip)).map((one) => {
    const other = others_.get(one.clip);
    const parts = Object.entries(APART).map(([name, apart]) => [name, apart(one, other)]);
    return { one, other, parts, apart: d3.mean(parts, (part) => part[1]) };
  }).sort((x, y) => d3.descending(x.apart, y.apart) || byName(x.one, y.one));
}

function recipeWord(recipe) {
  return `${annotatorWord(recipe.annotator)}, recipe ${recipe.recipe.slice(0, 6)}`;
}

// The text with the words marked that the other one has not.
function marked(text, against) {
  const there = wordsOf(against);
  const parts = shown(text).split(/([\p{L}\p{N}]+)/u);
  return parts.map((part, index) => (index % 2 && !there.has(part.toLowerCase()) ? h("mark", null, part) : part));
}

function side(clip, other, recipe) {
  return h("div", { class: "side" }, h("h4", null, h("bdi", null, recipeWord(recipe))), timeline(clip),
    h("dl", { class: "descriptions" }, h("dt", null, "Camera"), h("dd", { dir: "auto" }, marked(clip.camera, other.camera)),
      h("dt", null, "Objects"), h("dd", { dir: "auto" }, marked(clip.object, other.object))), badges(clip));
}

function settingsApart(a, b) {
  const names = [...new Set([...Object.keys(a.settings), ...Object.keys(b.settings)])].filter((name) => a.settings[name] !== b.settings[name]);
  if (!names.length) return null;
  return h("details", { class: "settings" }, h("summary", null, plural(names.length, "setting differs", "settings differ")),
    h("table", null, h("thead", null, h("tr", null, ["Setting", recipeWord(a), recipeWord(b)].map((name) => h("th", { scope: "col" }, h("bdi", null, name))))),
      h("tbody", null, names.map((name) => h("tr", null, h("th", { scope: "row" }, shown(name)),
        words("td", null, a.settings[name] ?? "unset"), words("td", null, b.settings[name] ?? "unset"))))));
}

function chosenRecipes() {
  const counts = d3.rollup(clips.filter((clip) => compared.has(clip.clip)), (rows) => rows.length, (clip) => clip.recipe);
  const there = [...recipes.keys()].filter((recipe) => counts.has(recipe));
  const a = there.includes(state.a) ? state.a : there[0];
  const b = there.includes(state.b) && state.b !== a ? state.b : there.find((recipe) => recipe !== a);
  return { there, a, b };
}

function compare(found) {
  const { there, a, b } = chosenRecipes();
  const [one, other] = [recipes.get(a), recipes.get(b)];
  const list = pairs(a, b, found);
  const select = (name, value, text) => h("label", null, `${text} `, h("select", { "aria-label": text, onchange: (event) => choose({ [name]: event.target.value }) },
    there.map((recipe) => h("option", { value: recipe, selected: recipe === value }, recipeWord(recipes.get(recipe))))));
  const pages = Math.max(1, Math.ceil(list.length / PAGE));
  state.page = Math.min(state.page, pages);
  return [
    h("div", { class: "compare-tools" }, select("a", a, "Left"), select("b", b, "Right"),
      h("p", { class: "remark" }, list.length ? `${plural(list.length, "clip")} annotated by both, ${percent(d3.mean(list, (pair) => pair.apart))} apart on average; those that differ most come first. Words that the other side lacks are marked.`
        : "No clip that is shown was annotated by both.")),
    settingsApart(one, other),
    ...list.slice((state.page - 1) * PAGE, state.page * PAGE).map((pair) => h("article", { class: "card pair" },
      h("header", null, h("h3", null, h("a", { href: addressOf({ ...state, clip: pair.one.key }), "data-open": pair.one.key }, named("bdi", null, pair.one.name))),
        h("span", { class: "apart" }, `${percent(pair.apart)} apart`)),
      strip(pair.one, picturesOf(pair.one)),
      h("p", { class: "parts" }, pair.parts.filter((part) => part[1] > 0).map(([name, value]) => badge(`${name} ${percent(value)}`))),
      h("div", { class: "sides" }, side(pair.one, pair.other, one), side(pair.other, pair.one, other)))),
    pager(list),
  ].filter(Boolean);
}
