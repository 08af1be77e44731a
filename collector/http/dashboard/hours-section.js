import { getJson, NeedsToken } from './collector-client.js';
import { findingsView } from './findings-view.js';
import { element, startOfDay } from './format.js';
import { hoursTable } from './hours-table.js';
import { PERIOD_KINDS, periodsTable } from './periods-table.js';

// The section below the machines: one machine's hours, or its shifts, days and months, and what is implausible about it.

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Findings take the collector some work: they are asked for again only after so long, real ms. */
const ASK_AGAIN_MS = 60_000;

/** `showMachines(machines)`, `show(hoursOf)`, `chosen()`; `open(machine, hourMs)` is called with an hour that someone wants explained. */
export function createHoursSection({ places, nowMs, open }) {
  const { choice, kinds, table, findings } = places;
  let machine = null;
  let kind = 'hour';
  let latest = new Map();
  const asked = new Map();

  /** Shows an answer of the collector: the one that is known at once, and a new one when it is old. */
  function ask(path, key, place, draw, againMs = ASK_AGAIN_MS) {
    const known = asked.get(key);
    if (known?.node !== undefined) place.replaceChildren(known.node);
    if (known !== undefined && performance.now() - known.atMs < againMs) return;
    const entry = { atMs: performance.now(), node: known?.node };
    asked.set(key, entry);
    if (entry.node === undefined) place.replaceChildren(element('p', 'note', 'Asking the collector …'));
    getJson(path)
      .then((answer) => {
        entry.node = draw(answer);
      })
      .catch((error) => {
        // The page itself notices within seconds that its token is no longer good.
        entry.atMs -= againMs - ASK_AGAIN_MS;
        if (!(error instanceof NeedsToken)) entry.node = element('p', 'problem', error.message);
      })
      .finally(() => {
        if (key === keyOf(place) && entry.node !== undefined) place.replaceChildren(entry.node);
      });
  }

  const keyOf = (place) => (place === findings ? `findings ${machine}` : `${kind} ${machine}`);

  function show() {
    for (const button of choice.children) press(button, button.dataset.machine === machine);
    for (const button of kinds.children) press(button, button.dataset.kind === kind);
    if (machine === null) return;
    const toMs = Math.round(nowMs());
    if (kind === 'hour') showHours();
    else {
      const { backMs, againMs } = PERIOD_KINDS.find((one) => one.kind === kind);
      ask(
        `/api/v1/machines/${machine}/periods?kind=${kind}&from=${toMs - backMs}&to=${toMs}`,
        keyOf(table),
        table,
        (answer) => periodsTable(answer, nowMs()),
        againMs,
      );
    }
    ask(
      `/api/v1/machines/${machine}/findings?from=${toMs - DAY_MS}&to=${toMs}`,
      keyOf(findings),
      findings,
      findingsView,
    );
  }

  function showHours() {
    const fromMs = Math.min(nowMs() - DAY_MS, startOfDay(nowMs()));
    const hours = (latest.get(machine) ?? []).filter(({ hourMs }) => hourMs >= fromMs - HOUR_MS);
    const focused = document.activeElement?.dataset?.hour;
    table.replaceChildren(hoursTable(hours, nowMs(), (hourMs) => open(machine, hourMs)));
    // The table is made anew while someone walks through it with the keyboard.
    if (focused !== undefined) focusHour(focused);
  }

  const focusHour = (hourMs) => table.querySelector(`.open-hour[data-hour="${hourMs}"]`)?.focus();

  kinds.replaceChildren(
    ...PERIOD_KINDS.map((one) =>
      makeButton(one.title, 'kind', one.kind, () => {
        kind = one.kind;
        show();
      }),
    ),
  );

  return {
    focusHour,
    showMachines(machines) {
      machine ??= machines[0]?.id ?? null;
      if (choice.childElementCount === machines.length) return;
      choice.replaceChildren(
        ...machines.map(({ id, name }) =>
          makeButton(name, 'machine', id, () => {
            machine = id;
            show();
          }),
        ),
      );
    },
    show(hoursOf) {
      latest = hoursOf;
      show();
    },
  };
}

const press = (button, isPressed) => button.setAttribute('aria-pressed', String(isPressed));

function makeButton(text, name, value, act) {
  const button = element('button', '', text);
  button.type = 'button';
  button.dataset[name] = value;
  button.addEventListener('click', act);
  return button;
}
