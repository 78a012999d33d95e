// Words and numbers, as people read them.

const COUNT = new Intl.NumberFormat("en");
const SHORT = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const DIRECTIONS = ["right", "up right", "up", "up left", "left", "down left", "down", "down right"];
const ARROWS = ["→", "↗", "↑", "↖", "←", "↙", "↓", "↘"];
// MOTIONS (label -> axis, sign, unit, participle, adverb) and STEADINESS come from camera_motion.py.
const LABELS = Object.keys(MOTIONS);
const NOTES = {
  __proto__: null,
  names_unreadable: "The model's list of objects could not be read",
  objects_not_found: "None of the named objects was found",
  description_cut: "A description was cut short",
  captions_incomplete: "Some objects have no caption, or an unchecked one: the model gave none that can be used",
  names_left_out: "Tracks have no names: the detector's file cannot be used",
  frames_lost: "Some frames could not be decoded",
  times_mended: "Some frames' times were mended",
  joined_recordings: "Recordings joined in one file",
  text_disagrees: "The text disagrees with the measurement",
};
const FORMS = { sampled: "As sampled", spotlit: "Spotlit", blurred: "Motion blur" };

// Characters that are not seen, or that turn the direction of what follows, are written out: a name must
// look like what it is.
const UNSEEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

function shown(text) {
  return String(text).replace(UNSEEN, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
}

function moveWord(label) {
  return label.replace(/_ccw$/, " counter-clockwise").replace(/_cw$/, " clockwise").replace("_", " ");
}

function doing(label) {
  const motion = MOTIONS[label];
  return motion ? `${motion.participle} ${motion.adverb}`.trim() : moveWord(label);
}

function family(label) {
  return label.split("_")[0];
}

function rateWord(label, rate) {
  if (!rate) return "";
  const unit = MOTIONS[label]?.unit ?? "";
  if (unit === "log scale") return `${percent(Math.expm1(rate))} a second`;
  if (unit === "degrees") return `${number(rate)}° a second`;
  return `${number(rate)} ${unit} a second`;
}

function number(value, digits = 2) {
  return value === null || value === undefined ? "unknown" : String(Number(value.toPrecision(digits)));
}

function percent(share) {
  return `${Math.round(100 * share)} %`;
}

function plural(count, one, many = one + "s") {
  return `${COUNT.format(count)} ${count === 1 ? one : many}`;
}

function seconds(value) {
  return `${Number((value ?? 0).toFixed(value >= 100 ? 0 : 1))} s`;
}

// 75 is "1 min 15 s"; 7,380 is "2.1 hours".
function duration(value) {
  if (value < 60) return seconds(value);
  if (value < 3600) {
    const whole = Math.round(value);
    return `${Math.floor(whole / 60)} min${whole % 60 ? ` ${whole % 60} s` : ""}`;
  }
  return `${COUNT.format(Number((value / 3600).toFixed(value < 36000 ? 1 : 0)))} hours`;
}

function day(iso) {
  return iso ? new Date(iso).toISOString().slice(0, 16).replace("T", ", ") + " UTC" : "";
}

function clock(from, to) {
  return `${Number(from.toFixed(1))} to ${seconds(to)}`;
}

function annotatorWord(annotator) {
  return annotator === "measured" ? "measured" : shown(annotator || "unknown");
}
