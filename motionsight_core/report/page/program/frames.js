// The frames of a clip: one large, under boxes and trails, and all of them as a sheet to choose from.

function boxAt(track, t) {
  const boxes = track.boxes ?? [];
  if (!boxes.length || t < track.start_s - 0.05 || t > track.end_s + 0.05) return null;
  const after = d3.bisector((box) => box.t_s).left(boxes, t);
  const [a, b] = [boxes[Math.max(0, after - 1)], boxes[Math.min(boxes.length - 1, after)]];
  const part = b.t_s > a.t_s ? Math.min(1, Math.max(0, (t - a.t_s) / (b.t_s - a.t_s))) : 0;
  return d3.interpolateObject({ x0: a.x0, y0: a.y0, x1: a.x1, y1: a.y1 }, { x0: b.x0, y0: b.y0, x1: b.x1, y1: b.y1 })(part);
}

// Boxes and trails over a picture of that size, from the row.
function overlay(row, size, t, { boxes, trails }) {
  const [width, height] = size;
  const unit = Math.max(width, height) / 100;
  const marks = (row.object_tracks ?? []).flatMap((track, index) => {
    const tone = `track-${index % 4}`;
    const found = [];
    if (trails) {
      const centres = (track.boxes ?? []).map((box) => [((box.x0 + box.x1) / 2) * width, ((box.y0 + box.y1) / 2) * height, box.t_s]);
      const line = d3.line((one) => one[0], (one) => one[1]);
      found.push(s("path", { class: `trail later ${tone}`, d: line(centres) ?? "", "stroke-width": 0.3 * unit }),
        s("path", { class: `trail ${tone}`, d: line(centres.filter((one) => one[2] <= t + 1e-3)) ?? "", "stroke-width": 0.6 * unit }));
    }
    const box = boxes ? boxAt(track, t) : null;
    if (box) {
      const [x, y] = [box.x0 * width, box.y0 * height];
      found.push(s("rect", { class: `box ${tone}`, x, y, width: (box.x1 - box.x0) * width, height: (box.y1 - box.y0) * height, "stroke-width": 0.5 * unit }),
        s("text", { class: `box-word ${tone}`, x: x + unit / 2, y: y > 4 * unit ? y - unit : y + 4 * unit, "font-size": 2.6 * unit, "stroke-width": 0.5 * unit },
          shown(`${track.label || "object"} ${track.track_id}`)));
    }
    return found;
  });
  return s("svg", { class: "overlay-marks", viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, marks);
}

function frames(clip, row, pictures, onTime) {
  if (!pictures?.sampled) {
    const size = [1000, Math.round((1000 * clip.height) / clip.width) || 562];
    const trails = row && clip.tracks.length ? overlay(row, size, Infinity, { boxes: false, trails: true }) : null;
    return h("section", { class: "frames" }, h("div", { class: "stage placeholder", style: { "--shape": clip.width / clip.height } },
      trails, h("p", null, reasonOf(pictures))));
  }
  const forms = Object.keys(FORMS).filter((form) => pictures[form].length);
  const seen = { form: "sampled", frame: 0, boxes: true, trails: true };
  const stage = h("div", { class: "stage", style: { "--shape": clip.width / clip.height } });
  const time = h("span", { class: "now" });
  const sheet = forms.map((form) => h("div", { class: "sheet-row" },
    h("span", { class: "sheet-name" }, FORMS[form]),
    h("div", { class: "sheet-frames", style: { "--frames": pictures.times.length } }, pictures[form].map((frame, index) => h("button", {
      type: "button", class: "thumb", "data-form": form, "data-frame": index,
      "aria-label": `${FORMS[form]}, ${seconds(pictures.times[index])}`, onclick: () => see({ form, frame: index }),
    }, jpeg(frame, { alt: "" }))))));
  const check = (name, text) => h("label", { class: "check" }, h("input", {
    type: "checkbox", checked: true, onchange: (event) => see({ [name]: event.target.checked }),
  }), text);
  const play = h("button", { type: "button", class: "plain", "aria-pressed": "false", onclick: () => root.play() }, "Play");
  const root = h("section", { class: "frames" }, stage,
    h("div", { class: "stage-tools" }, time, play, row?.object_tracks?.length ? [check("boxes", "boxes"), check("trails", "trails")] : null),
    h("div", { class: "sheet" }, sheet),
    pictures.spotlit.length ? null : h("p", { class: "remark" }, "Nothing was seen moving, so there is no spotlight."));
  let timer = 0;

  function see(change) {
    Object.assign(seen, change);
    const t = pictures.times[seen.frame];
    const word = `${FORMS[seen.form]}, ${seconds(t)}`;
    stage.replaceChildren(jpeg(pictures[seen.form][seen.frame], { alt: shown(`${clip.name}: ${word}. ${clip.camera}`) }),
      ...(row ? [overlay(row, [clip.width, clip.height], t, seen)] : []));
    time.textContent = word;
    for (const thumb of root.querySelectorAll(".thumb")) {
      thumb.setAttribute("aria-current", String(thumb.dataset.form === seen.form && Number(thumb.dataset.frame) === seen.frame));
    }
    onTime(t);
  }

  root.step = (way) => see({ frame: (seen.frame + way + pictures.times.length) % pictures.times.length });
  root.form = (index) => { if (forms[index]) see({ form: forms[index] }); };
  root.stop = () => { clearInterval(timer); timer = 0; };
  root.play = () => {
    if (timer) root.stop(); else timer = setInterval(() => root.step(1), 350);
    play.textContent = timer ? "Pause" : "Play";
    play.setAttribute("aria-pressed", String(timer !== 0));
  };
  root.begin = () => see({});
  return root;
}
