// Which pages there are, where they are, and whom the menu shows them to.

import { can } from "./api.js";
import * as audit from "./pages/audit.js";
import * as dashboard from "./pages/dashboard.js";
import * as enrol from "./pages/enrol.js";
import * as identify from "./pages/identify.js";
import * as keys from "./pages/keys.js";
import * as policies from "./pages/policies.js";
import * as reports from "./pages/reports.js";
import * as subject from "./pages/subject.js";
import * as subjects from "./pages/subjects.js";
import * as verify from "./pages/verify.js";

const PAGES = {
  dashboard: { ...dashboard, scopes: null },
  verify: { ...verify, scopes: ["verify"] },
  identify: { ...identify, scopes: ["identify"] },
  enrol: { ...enrol, scopes: ["enrol"] },
  subjects: { ...subjects, scopes: ["enrol"] },
  reports: { ...reports, scopes: ["audit", "enrol"] },
  audit: { ...audit, scopes: ["audit"] },
  keys: { ...keys, scopes: ["admin"] },
  policies: { ...policies, scopes: ["admin"] },
};

const GROUPS = { home: ["dashboard"], work: ["verify", "identify"], people: ["enrol", "subjects"], oversight: ["reports", "audit", "keys", "policies"] };

const allowed = (name) => !PAGES[name].scopes || can(...PAGES[name].scopes);

/** The menu: groups of pages that the key may use. */
export function menu() {
  return Object.entries(GROUPS)
    .map(([group, names]) => [group, names.filter(allowed)])
    .filter(([, names]) => names.length);
}

/** The page of a hash such as "#/subjects/Ada"; the dashboard where there is none. */
export function pageOf(hash) {
  const [name, rest] = hash.replace(/^#\/?/, "").split(/\/(.*)/s);
  if (name === "subjects" && rest && allowed("subjects")) return { page: subject.show, argument: text(rest), name };
  const known = Object.hasOwn(PAGES, name) && allowed(name) ? name : "dashboard";
  return { page: PAGES[known].show, argument: rest ? text(rest) : null, name: known };
}


function text(escaped) {
  try {
    return decodeURIComponent(escaped);
  } catch {
    return escaped;
  }
}
