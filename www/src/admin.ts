// The figures for the admin: what `GET /admin/figures` says of some days, as charts and tables.
import { chart, share } from "./chart.ts";
import { button, byId, h } from "./dom.ts";
import { count, dollars } from "./format.ts";

/** What was counted; `usd` holds the estimated ones too. */
export interface Counts {
  requests: number;
  prompt_tokens: number;
  completion_tokens: number;
  usd: number;
  estimated_requests: number;
  estimated_tokens: number;
  estimated_usd: number;
  refused: number;
}

type Named<Name extends string> = Counts & Record<Name, string>;

interface Figures {
  total: Counts;
  days: Named<"day">[];
  models: Named<"model">[];
  users: Named<"user">[];
  refusals: Named<"reason">[];
}

/** How many names are shown. */
const MOST_ROWS = 20;

const DAY_MS = 86_400_000;

const date = (time: number) => new Date(time).toISOString().slice(0, 10);

const figures = byId("figures", HTMLElement);
const status = byId("status", HTMLElement);
const [from, to] = [byId("from", HTMLInputElement), byId("to", HTMLInputElement)];

/** Tables are made of these: a word, and what it says of a row. */
type Column = [label: string, text: (counts: Counts) => string];

const spent: Column = ["USD", ({ usd }) => dollars(usd)];
const requests: Column = ["Requests", ({ requests }) => count(requests)];
const prompt: Column = ["Prompt tokens", ({ prompt_tokens }) => count(prompt_tokens)];
const answer: Column = ["Answer tokens", ({ completion_tokens }) => count(completion_tokens)];
const refused: Column = ["Refused", ({ refused }) => count(refused)];

/** The name comes from a token or a request: it is text, and has its own direction. */
function table(what: string, columns: Column[], rows: [name: string, counts: Counts, part?: number][]): HTMLElement {
  const head = h("tr", {}, ...[what, ...columns.map(([label]) => label)].map((label) => h("th", { scope: "col" }, label)));
  const body = rows.map(([name, counts, part]) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, h("bdi", {}, name), ...(part === undefined ? [] : [share(part)])),
      ...columns.map(([label, text]) => h("td", { "data-label": label }, text(counts))),
    ),
  );
  return h("table", {}, h("thead", {}, head), h("tbody", {}, ...body));
}

function section(title: string, ...children: Node[]): HTMLElement {
  const none = children.length === 0 ? [h("p", { class: "soft" }, "None on these days.")] : children;
  return h("section", { "aria-label": title }, h("h2", {}, title), ...none);
}

/** The dearest by name, and the sum of all others. */
function top(title: string, what: string, columns: Column[], rows: [name: string, counts: Counts][], total: Counts): HTMLElement {
  const shown = rows.slice(0, MOST_ROWS);
  const others = { ...total };
  for (const [, counts] of shown) for (const key of Object.keys(counts) as (keyof Counts)[]) others[key] -= counts[key];
  const part = ({ usd }: Counts) => (total.usd > 0 ? usd / total.usd : 0);
  const listed = shown.map(([name, counts]): [string, Counts, number] => [name || "(no name)", counts, part(counts)]);
  if (others.requests + others.refused > 0) listed.push(["all others", others, part(others)]);
  return section(title, ...(listed.length > 0 ? [table(what, columns, listed)] : []));
}

function tile(name: string, value: string, small = ""): HTMLElement {
  return h("div", {}, h("dt", {}, name), h("dd", {}, value, ...(small ? [h("small", {}, small)] : [])));
}

function show({ total, days, models, users, refusals }: Figures): void {
  const estimated = total.estimated_requests > 0 ? `of it ${dollars(total.estimated_usd)} estimated for ${count(total.estimated_requests, "request")}` : "";
  const settled = { ...total, refused: 0 };
  const byDay = new Map(days.map((counts) => [counts.day, counts]));
  const all = Math.round((to.valueAsNumber - from.valueAsNumber) / DAY_MS) + 1;
  const bars = Array.from({ length: all }, (_, at) => date(from.valueAsNumber + at * DAY_MS)).map((day) => {
    const counts = byDay.get(day);
    return { name: day, value: counts?.usd ?? 0, title: `${day}: ${dollars(counts?.usd ?? 0)}, ${count(counts?.requests ?? 0, "request")}` };
  });
  const dayRows = days.map((counts): [string, Counts] => [counts.day, counts]);
  const inDetail = h("details", {}, h("summary", {}, "As a table"), table("Day", [spent, requests, prompt, answer, refused], dayRows));
  const mostRefused = Math.max(...refusals.map(({ refused }) => refused));
  figures.replaceChildren(
    h(
      "dl",
      {},
      tile("Spent", dollars(total.usd), estimated),
      tile("Requests", count(total.requests), "settled"),
      tile("Prompt tokens", count(total.prompt_tokens)),
      tile("Answer tokens", count(total.completion_tokens), total.estimated_tokens > 0 ? `${count(total.estimated_tokens)} more estimated` : ""),
      tile("Refused", count(total.refused), "by users’ limits"),
    ),
    section("Spend by day", ...(days.length > 0 ? [chart("USD by day", bars), inDetail] : [])),
    top("Spend by model", "Model", [spent, requests, prompt, answer], models.map((row) => [row.model, row]), settled),
    top("Spend by user", "User", [spent, requests, prompt, answer, refused], users.map((row) => [row.user, row]), total),
    section("Refusals by limit", ...(refusals.length > 0 ? [table("Limit", [refused], refusals.map((row) => [row.reason, row, row.refused / mostRefused]))] : [])),
  );
}

/** Only the last answer counts. */
let last = 0;

async function load(): Promise<void> {
  const asked = ++last;
  const query = `?from=${from.value}&to=${to.value}`;
  history.replaceState(null, "", query);
  byId("export", HTMLAnchorElement).href = `/admin/export.csv${query}`;
  for (const range of document.querySelectorAll("#ranges button")) {
    range.setAttribute("aria-pressed", String(range.getAttribute("data-from") === from.value && to.value === date(Date.now())));
  }
  figures.ariaBusy = "true";
  const problem = await ask(`/admin/figures${query}`, (found) => asked === last && show(found));
  if (asked !== last) return;
  figures.ariaBusy = "false";
  status.textContent = problem;
  status.dataset.state = problem ? "failed" : "";
}

/** An empty text, or why there is no answer. */
async function ask(path: string, then: (figures: Figures) => void): Promise<string> {
  try {
    // Not relative: a name and a password that stand in this page's address must not be in there.
    const response = await fetch(new URL(path, location.origin), { cache: "no-store" });
    const body = await response.json();
    if (!response.ok) return `The figures are not to be had: ${body.error.message}`;
    then(body);
    return "";
  } catch {
    return "The figures are not to be had: the server does not answer as it should. Try again in a moment.";
  }
}

function choose(days: number): void {
  [from.value, to.value] = [date(Date.now() - (days - 1) * DAY_MS), date(Date.now())];
  void load();
}

byId("days", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  void load();
});
for (const input of [from, to]) {
  input.addEventListener("change", () => {
    to.min = from.value;
    from.max = to.value;
  });
}
for (const [label, days] of [["Today", 1], ["7 days", 7], ["30 days", 30], ["90 days", 90], ["A year", 365]] as const) {
  byId("ranges", HTMLElement).append(button(label, { "data-from": date(Date.now() - (days - 1) * DAY_MS) }, () => choose(days)));
}

const given = new URLSearchParams(location.search);
[from.value, to.value] = [given.get("from") ?? "", given.get("to") ?? ""];
if (from.value && to.value && from.value <= to.value) void load();
else choose(30);
