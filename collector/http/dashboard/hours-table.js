import { dayText, element, energyText, percentText, powerText, startOfDay, timeText } from './format.js';
import { sumHours } from './machine-card.js';
import { REASONS } from './reasons.js';
import { stateBar } from './states.js';

// The machine-hours of the last 24 hours, newest first, by day.

const HEADS = ['Hour', 'Energy', 'Mean power', 'States', 'Measured', 'Status'];
const HOUR_MS = 3_600_000;

/** The table of one machine's hours. `open(hourMs)` is called with the hour that someone wants explained. */
export function hoursTable(hours, nowMs, open) {
  if (hours.length === 0)
    return element(
      'p',
      'empty',
      'No machine-hours yet. The running hour appears here about a minute after its first readings.',
    );
  const table = withRole('table', 'table', 'hours');
  const head = withRole('thead', 'rowgroup');
  const headRow = withRole('tr', 'row');
  for (const name of HEADS) {
    const cell = withRole('th', 'columnheader', '', name);
    cell.scope = 'col';
    headRow.append(cell);
  }
  head.append(headRow);
  table.append(head);

  const byDay = Map.groupBy([...hours].reverse(), ({ hourMs }) => startOfDay(hourMs));
  const todayMs = startOfDay(nowMs);
  for (const [dayMs, ofDay] of byDay) {
    const body = withRole('tbody', 'rowgroup');
    const row = withRole('tr', 'row', 'day');
    const cell = withRole(
      'th',
      'rowheader',
      '',
      dayMs === todayMs ? `Today, ${dayText(dayMs)}` : dayText(dayMs),
    );
    cell.colSpan = HEADS.length;
    cell.append(element('span', 'day-sum', `${energyText(sumHours(ofDay).energyMwh)} in these hours`));
    row.append(cell);
    body.append(row, ...ofDay.map((hour) => hourRow(hour, open)));
    table.append(body);
  }
  return table;
}

function hourRow(hour, open) {
  const { supplyMwh } = hour.energy;
  const row = withRole('tr', 'row', hour.status === 'final' ? '' : 'provisional');
  const meanW = supplyMwh === null || hour.spanMs === 0 ? null : (supplyMwh * 3600) / hour.spanMs;
  const states = withRole('td', 'cell', 'states');
  states.append(stateBar(hour.timeMs, 'state-bar'));
  const when = withRole('th', 'rowheader', 'when');
  // One button a row for keys and screen readers; for a pointer the whole row is one.
  const button = element(
    'button',
    'open-hour',
    `${timeText(hour.hourMs)} – ${timeText(hour.hourMs + HOUR_MS)}`,
  );
  button.type = 'button';
  button.title = 'What this hour rests on';
  button.dataset.hour = String(hour.hourMs);
  button.setAttribute('aria-haspopup', 'dialog');
  when.append(button);
  row.addEventListener('click', () => open(hour.hourMs));
  row.append(
    when,
    withRole('td', 'cell', 'number energy', energyText(supplyMwh)),
    withRole('td', 'cell', 'number mean', powerText(meanW)),
    states,
    coverageCell(hour),
    statusCell(hour),
  );
  return row;
}

/** The measured share, and on pointing why it is not all. */
export function coverageCell({ coverage, reasons, obtained }) {
  const cell = withRole('td', 'cell', 'number coverage', percentText(coverage.time));
  if (coverage.time < 0.95) cell.classList.add('low');
  const why = reasons.map((reason) => REASONS[reason] ?? reason);
  if (obtained.bridgedMwh > 0) why.push(`${energyText(obtained.bridgedMwh)} bridged`);
  if (why.length > 0) cell.title = why.join('; ');
  return cell;
}

/** Final or provisional, and whether people decided about its readings. */
export function statusCell({ status, revision, finalBy, basis }) {
  const text = status === 'final' ? (revision > 1 ? `Final, rev. ${revision}` : 'Final') : 'Provisional';
  const cell = withRole('td', 'cell', 'status');
  const mark = element('span', `status-mark ${status}`, text);
  if (status !== 'final') mark.title = 'Not every agent has delivered this hour completely yet';
  else if (finalBy === 'seven-days') mark.title = 'Closed after seven days though not everything had come';
  cell.append(mark);
  const { amendments } = basis;
  if (amendments.length > 0) {
    const amended = element('span', 'note', ' amended');
    amended.title = `By ${amendments.join(', ')}`;
    cell.append(amended);
  }
  return cell;
}

/** An element with its role: on narrow screens rows become grids, which would take the table's meaning away from screen readers. */
export function withRole(tag, role, className = '', text = '') {
  const made = element(tag, className, text);
  made.setAttribute('role', role);
  return made;
}
