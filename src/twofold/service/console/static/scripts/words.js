// Every visible word comes from words/*.json, in the language that was chosen.

const LANGUAGES = { en: "English", ko: "한국어" };
const KEPT = "twofold.language";

let language = "en";
let words = {};

/** Languages there are: code to name. */
export const languages = () => LANGUAGES;

/** Code of the language in use. */
export const current = () => language;

/** The language of the last visit, else the browser's where there is one, else English. */
export function preferred() {
  let kept = null;
  try {
    kept = localStorage.getItem(KEPT);
  } catch {
    // storage is refused in this browser: the browser's language then
  }
  const wanted = [kept, ...navigator.languages.map((one) => one.slice(0, 2))];
  return wanted.find((one) => one in LANGUAGES) ?? "en";
}

/** Load a language's words and use them from now on. */
export async function speak(code) {
  const answer = await fetch(new URL(`words/${code}.json`, document.baseURI), { credentials: "same-origin" });
  words = await answer.json();
  language = code;
  document.documentElement.lang = code;
  try {
    localStorage.setItem(KEPT, code);
  } catch {
    // as above: it is asked for again next time
  }
}

/** The words of a key, with {names} filled in. */
export function t(key, values = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Words for a count: the key's ".one" or ".other". */
export function count(key, n) {
  const rule = new Intl.PluralRules(language).select(n) === "one" ? "one" : "other";
  return t(`${key}.${rule}`, { n: number(n) });
}

/** Words of a name that the service uses; where there are none, what is given instead. */
export function named(family, name, otherwise = name) {
  return words[`${family}.${name}`] ?? otherwise;
}

export function number(value, digits = 0) {
  return new Intl.NumberFormat(language, { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value);
}

export function percent(value, digits = 0) {
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: digits }).format(value);
}

/** A rate such as 0.001 as "1 in 1,000". */
export function rate(value) {
  return t("rate", { n: new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(1 / value) });
}

export function moment(iso) {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));
}

export function clock(date) {
  return new Intl.DateTimeFormat(language, { timeStyle: "medium" }).format(date);
}

export function day(iso) {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(new Date(iso));
}

/** Seconds in words, in the largest fitting unit. */
export function duration(seconds) {
  const [n, unit] = seconds >= 5400 ? [seconds / 3600, "hour"] : seconds >= 90 ? [seconds / 60, "minute"] : [seconds, "second"];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: 0 }).format(Math.ceil(n));
}
