import { getJson } from './collector-client.js';
import { durationText, element, energyText, powerText } from './format.js';
import { coverageCell, statusCell, withRole } from './hours-table.js';
import { periodBudget, periodDetail, plusMinus } from './period-detail.js';
import { stateBar } from './states.js';

// Shifts, days and months of the site's calendar, newest first, in the zone of the site.

/** The kinds that one may choose from, how far back each is asked for, and how often: a year of hours is work for seconds. All ms. */
export const PERIOD_KINDS = [
  { kind: 'hour', title: 'Hours', backMs: 0, againMs: 0 },
  { kind: 'shift', title: 'Shifts', backMs: 14 * 86_400_000, againMs: 60_000 },
  { kind: 'day', title: 'Days', backMs: 31 * 86_400_000, againMs: 120_000 },
  { kind: 'month', title: 'Months', backMs: 366 * 86_400_000, againMs: 1_800_000 },
];

const HEADS = ['Period', 'Energy', 'Mean power', 'States', 'Measured', 'Status'];

/** The running hour follows its readings by so much, ms. */
const BEHIND_MS = 10 * 60_000;

/** What someone opened stays open when the table is made anew. */
const opened = new Set();

/** The table of one machine's periods, as the collector tells them. */
export function periodsTable({ machine, zone, periods }, nowMs) {
  const watched = periods.filter(({ spanMs }) => spanMs > 0);
  if (watched.length === 0) return element('p', 'empty', 'No readings in this time yet.');
  const node = element('div', 'periods');
  const table = withRole('table', 'table', 'hours');
  const head = withRole('thead', 'rowgroup');
  const row = withRole('tr', 'row');
  for (const name of HEADS) {
    const cell = withRole('th', 'columnheader', '', name);
    cell.scope = 'col';
    row.append(cell);
  }
  head.append(row);
  const body = withRole('tbody', 'rowgroup');
  body.append(...watched.toReversed().flatMap((report) => periodRows(report, { machine, zone, nowMs })));
  table.append(head, body);
  node.append(
    table,
    element(
      'p',
      'note',
      `In ${zone}, the zone of the site's calendar. Measured: of the time watched. ± is the expanded uncertainty, k = 2${
        watched.some(({ uncertainty }) => isDoubtful(uncertainty?.supply?.total))
          ? '; ?: a class was used outside the range for which it promises anything'
          : ''
      }.`,
    ),
  );
  return node;
}

/** The row of a period, and a second one with what lies behind it once someone asks. */
function periodRows(report, { machine, zone, nowMs }) {
  const { period, fromMs, toMs, spanMs } = report;
  const { supplyMwh } = report.energy;
  const row = withRole('tr', 'row', report.status === 'final' ? 'period' : 'period provisional');
  const meanW = supplyMwh === null ? null : (supplyMwh * 3600) / spanMs;
  const states = withRole('td', 'cell', 'states');
  states.append(stateBar(report.timeMs, 'state-bar'));
  const energy = withRole('td', 'cell', 'number energy', energyText(supplyMwh));
  const uncertainty = plusMinus(report.uncertainty?.supply?.total);
  if (uncertainty !== '') energy.append(element('span', 'note', uncertainty));
  // Of a period that is not over, what is still to come is not missing.
  const passedMs = Math.min(toMs, nowMs) - fromMs;
  const coverage = coverageCell(report);
  if (spanMs < passedMs - BEHIND_MS) {
    coverage.append(element('span', 'note', ` of ${durationText(spanMs)} watched`));
    coverage.classList.add('low');
  }
  const isRunning = toMs > nowMs;
  const when = withRole('th', 'rowheader', 'when');
  const button = element('button', 'open-hour', `${nameOf(period, zone)}${isRunning ? ', so far' : ''}`);
  button.type = 'button';
  button.title = 'What lies behind it';
  when.append(button);
  row.append(
    when,
    energy,
    withRole('td', 'cell', 'number mean', powerText(meanW)),
    states,
    coverage,
    statusCell(report),
  );
  const detail = withRole('tr', 'row', 'period-detail');
  const cell = withRole('td', 'cell');
  cell.colSpan = HEADS.length;
  cell.append(periodDetail(report));
  detail.append(cell);
  let isAsked = false;
  const key = `${machine} ${period.kind} ${period.key}`;
  const set = (isOpen) => {
    detail.hidden = !isOpen;
    button.setAttribute('aria-expanded', String(isOpen));
    if (isOpen) opened.add(key);
    else opened.delete(key);
    if (!isOpen || isAsked) return;
    isAsked = true;
    void showBudget(cell, machine, period);
  };
  row.addEventListener('click', () => set(detail.hidden));
  set(opened.has(key));
  return [row, detail];
}

/** Budgets make a period ten times as large: each is asked for once it is opened. */
async function showBudget(cell, machine, { kind, fromMs }) {
  try {
    const { periods } = await getJson(
      `/api/v1/machines/${machine}/periods?kind=${kind}&from=${fromMs}&to=${fromMs + 60_000}&budget=true`,
    );
    cell.append(...periods.flatMap(periodBudget));
  } catch (error) {
    cell.append(element('p', 'problem', error.message));
  }
}

const isDoubtful = (total) => total?.kind === 'known' && !total.isQualified;

function nameOf({ kind, name, fromMs, toMs }, zone) {
  const say = (options, ms) => new Intl.DateTimeFormat(undefined, { timeZone: zone, ...options }).format(ms);
  const day = { weekday: 'short', day: 'numeric', month: 'short' };
  const time = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
  if (kind === 'month') return say({ month: 'long', year: 'numeric' }, fromMs);
  if (kind === 'day') return say(day, fromMs);
  return `${say(day, fromMs)}, ${name}, ${say(time, fromMs)} – ${say(time, toMs)}`;
}
