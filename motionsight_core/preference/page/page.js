"use strict";
(() => {
  /** A key that was meant for the pair before comes within this time, ms. */
  const HOLD_MS = 300;
  /** Share of a clip that must have been played, not skipped, before a choice. */
  const WATCHED = 0.9;
  const SLOW = 0.25;
  const QUESTIONS = {
    object: "Which description fits how the objects move?",
    camera: "Which description fits how the camera moves?",
  };
  const $ = (id) => document.getElementById(id);
  const clip = $("clip");
  const buttons = [...document.querySelectorAll("[data-choice]")];

  let annotator = "";
  let pair = null;
  let canUndo = false;
  let shownAt = 0;
  let played = false;
  let broken = false;
  let busy = false;
  let looping = true;
  let frameS = 1 / 25;
  let lastFrame = null;

  // What the server says and is told -----------------------------------------------------------------

  async function ask(path, fields) {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ annotator, ...fields }),
    });
    if (answer.status === 401) location.assign("/login");
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) throw Object.assign(new Error(said.error || `The server answered ${answer.status}.`), { status: answer.status });
    return said;
  }

  /** Does something with the server, once at a time; what goes wrong is said, and the pair stays. */
  async function act(path, fields = {}) {
    if (busy) return;
    busy = true;
    try {
      show(await ask(path, fields));
    } catch (error) {
      if (error.status === 409) show(await ask("/api/next", {}).catch(() => null)); // chosen in another window
      else say(error.status ? error.message : "The server cannot be reached, and nothing was saved. Try again.", true);
    } finally {
      busy = false;
    }
  }

  // What is shown ------------------------------------------------------------------------------------

  /** Marks that turn or hide text are written out. */
  const visible = (text) =>
    text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (mark) =>
      mark === "\n" || mark === "\t" ? mark : `\\u${mark.codePointAt(0).toString(16).padStart(4, "0")}`);

  function say(text, refused = false) {
    $("status").textContent = text;
    $("status").classList.toggle("refused", refused);
  }

  function only(section) {
    for (const one of ["hello", "work", "done"]) $(one).hidden = one !== section;
    $("who").hidden = $("progress").hidden = section === "hello";
  }

  function show(state) {
    if (!state) return;
    annotator = state.annotator;
    canUndo = state.can_undo;
    history.replaceState(null, "", `#name=${encodeURIComponent(annotator)}`);
    $("name").textContent = visible(annotator);
    $("bar").max = state.total;
    $("bar").value = state.done;
    $("count").textContent = `${state.done} of ${state.total}`;
    for (const one of document.querySelectorAll("[data-undo]")) one.setAttribute("aria-disabled", String(!canUndo));
    pair = state.pair;
    if (!pair) {
      clip.removeAttribute("src");
      clip.load();
      only("done");
      document.querySelector("#done h1").focus();
      return;
    }
    only("work");
    $("question").textContent = QUESTIONS[pair.aspect];
    $("left").textContent = visible(pair.left);
    $("right").textContent = visible(pair.right);
    $("work").dataset.pair = pair.pair_id;
    played = broken = false;
    lastFrame = null;
    shownAt = performance.now();
    clip.src = `/media/${encodeURIComponent(pair.pair_id)}`;
    clip.playbackRate = clip.defaultPlaybackRate = 1;
    $("slow").setAttribute("aria-pressed", "false");
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) clip.play().catch(() => {});
    lock();
    scrollTo(0, 0);
    $("question").focus({ preventScroll: true });
  }

  const isHeld = () => performance.now() - shownAt < HOLD_MS;
  const isOpen = (choice) => !isHeld() && (played || (broken && choice === "cannot_tell"));

  function openButtons() {
    for (const one of buttons) one.setAttribute("aria-disabled", String(!isOpen(one.dataset.choice)));
    // Then the message stays: it may say why a key was refused meanwhile.
    if (isHeld()) setTimeout(openButtons, HOLD_MS - (performance.now() - shownAt) + 1);
  }

  /** Says what may be chosen now. */
  function lock() {
    openButtons();
    if (broken) say("The clip cannot be played here. Choose Cannot tell, and tell whoever runs the page.", true);
    else if (played) say("You can choose now.");
    else say("Watch the clip to its end, then choose.");
  }

  // Choices ------------------------------------------------------------------------------------------

  function choose(choice) {
    if (!pair || busy) return;
    if (isHeld()) return say("That came with the new pair and was not counted.", true);
    if (!isOpen(choice)) return say("Not yet: watch the clip to its end first.", true);
    act("/api/choose", {
      pair_id: pair.pair_id,
      choice,
      played,
      seconds: (performance.now() - shownAt) / 1000,
    });
  }

  function undo() {
    if (canUndo) act("/api/undo");
  }

  for (const one of buttons) one.addEventListener("click", () => choose(one.dataset.choice));
  for (const one of document.querySelectorAll("[data-undo]")) one.addEventListener("click", undo);

  // The clip -----------------------------------------------------------------------------------------

  const toggle = () => (clip.paused ? clip.play().catch(() => {}) : clip.pause());

  function step(direction) {
    clip.pause();
    clip.currentTime = Math.min(Math.max(clip.currentTime + direction * frameS, 0), clip.duration || 0);
  }

  function slow() {
    const on = clip.playbackRate === 1;
    clip.playbackRate = on ? SLOW : 1;
    $("slow").setAttribute("aria-pressed", String(on));
  }

  function loop() {
    looping = !looping;
    $("loop").setAttribute("aria-pressed", String(looping));
  }

  /** Seconds of the clip that were played, each once. */
  function watchedS() {
    let sum = 0;
    for (let index = 0; index < clip.played.length; index += 1) sum += clip.played.end(index) - clip.played.start(index);
    return sum;
  }

  /** The time between two frames is known once two came in a row. */
  function seeFrame(now, frame) {
    const passed = lastFrame === null ? 0 : frame.mediaTime - lastFrame;
    if (passed > 0.004 && passed < 0.2 && !clip.paused) frameS = passed;
    lastFrame = frame.mediaTime;
    clip.requestVideoFrameCallback(seeFrame);
  }
  if (clip.requestVideoFrameCallback) clip.requestVideoFrameCallback(seeFrame);

  clip.addEventListener("ended", () => {
    if (!played && watchedS() >= WATCHED * clip.duration) {
      played = true;
      lock();
    }
    if (looping) {
      clip.currentTime = 0;
      clip.play().catch(() => {});
    }
  });
  clip.addEventListener("error", () => {
    if (!pair) return;
    broken = true;
    lock();
  });
  for (const event of ["play", "pause"]) {
    clip.addEventListener(event, () => { $("play-word").textContent = clip.paused ? "Play" : "Pause"; });
  }
  clip.addEventListener("timeupdate", () => {
    const share = clip.duration ? clip.currentTime / clip.duration : 0;
    $("seek").value = String(Math.round(share * 1000));
    $("seek").setAttribute("aria-valuetext", `${clip.currentTime.toFixed(1)} of ${(clip.duration || 0).toFixed(1)} seconds`);
  });
  $("seek").addEventListener("input", () => {
    clip.pause();
    clip.currentTime = (Number($("seek").value) / 1000) * (clip.duration || 0);
  });
  clip.addEventListener("click", toggle);
  $("play").addEventListener("click", toggle);
  $("back").addEventListener("click", () => step(-1));
  $("forth").addEventListener("click", () => step(1));
  $("slow").addEventListener("click", slow);
  $("loop").addEventListener("click", loop);

  // Keys ---------------------------------------------------------------------------------------------

  const guide = () => { if (!$("guide").open) $("guide").showModal(); };
  const KEYS = {
    __proto__: null,
    a: () => choose("left"),
    b: () => choose("right"),
    e: () => choose("equal"),
    c: () => choose("cannot_tell"),
    u: undo,
    " ": toggle,
    arrowleft: () => step(-1),
    arrowright: () => step(1),
    s: slow,
    l: loop,
    g: guide,
  };
  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!$("keys").checked || $("guide").open || $("work").hidden && !(event.key === "u" && !$("done").hidden)) return;
    if (event.target.closest("input[type=text]")) return;
    if (event.target.closest("button, input") && [" ", "ArrowLeft", "ArrowRight"].includes(event.key)) return; // theirs
    const act = KEYS[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });
  for (const one of document.querySelectorAll("[data-open=guide]")) one.addEventListener("click", guide);
  $("close").addEventListener("click", () => $("guide").close());

  // Who chooses --------------------------------------------------------------------------------------

  async function begin(name) {
    annotator = name;
    try {
      show(await ask("/api/next", {}));
    } catch (error) {
      only("hello");
      $("given").setCustomValidity(error.message);
      $("given").reportValidity();
    }
  }

  $("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    begin($("given").value);
  });
  $("given").addEventListener("input", () => $("given").setCustomValidity(""));
  $("rename").addEventListener("click", () => {
    clip.pause();
    pair = null;
    history.replaceState(null, "", location.pathname);
    $("given").value = "";
    only("hello");
    $("given").focus();
  });

  const known = new URLSearchParams(location.hash.slice(1)).get("name");
  if (known) {
    begin(known);
  } else {
    only("hello");
    $("given").focus();
  }
})();
