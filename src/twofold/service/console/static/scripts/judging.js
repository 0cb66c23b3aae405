// How fit a picture is: asked of the service, and told in words.

import { call } from "./api.js";
import { named } from "./words.js";

/** What is amiss with a judged picture, in words. */
export function reasons(answer) {
  if (answer.usable && !answer.reasons.length) return [];
  const weak = Object.entries(answer.components ?? {}).filter(([, value]) => value < 50).sort(([, one], [, other]) => one - other);
  const codes = [...new Set([answer.usable ? null : answer.code, ...weak.map(([name]) => name)].filter(Boolean))];
  const told = codes.map((code) => named("code", code, null)).filter(Boolean);
  return told.length ? [...new Set(told)] : [answer.advice, ...answer.reasons].filter(Boolean).slice(0, 1);
}

/** Ask the service how fit a picture is. */
export async function judge(field, file, { purpose, light, signal }) {
  const form = new FormData();
  form.append("purpose", purpose);
  if (light && field !== "face") form.append("light", light);
  form.append(field, file);
  const answer = await call("POST", ["quality"], { form, signal });
  return answer.pictures[0];
}
