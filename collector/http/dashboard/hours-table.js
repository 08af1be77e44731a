import { dayText, element, energyText, percentText, powerText, startOfDay, timeText } from './format.js';
import { sumHours } from './machine-card.js';
import { stateBar } from './states.js';

// The machine-hours of the last 24 hours, newest first, by day.

const HEADS = ['Hour', 'Energy', 'Mean power', 'States', 'Measured', 'Status'];
const HOUR_MS = 3_600_000;

const REASONS = {
  gap: 'a gap in the readings',
  'source-down': 'a source was down',
  'no-counter': 'no energy counter',
  'counter-reset': 'the counter was reset',
  'counter-rollover': 'the counter rolled over',
  'counter-glitch': 'the counter jumped back and forth',
  'counter-step-back': 'the counter lost a few minutes after a power loss',
  'counter-saturated': 'the counter stands at its largest value',
  'counter-stuck': 'the counter stood still while power was drawn',
  amended: 'a person decided about readings of this hour',
  'counter-step': 'the counter rose faster than the rated power allows',
  'identity-change': 'the meter was changed',
  'state-unknown': 'the state is not known for a part of it',
  'integral-over-counter': 'power and counter do not agree',
  'children-over-supply': 'components used more than the supply',
  'clock-unsynced': 'the clock was not set',
  conflict: 'two agents claim a channel',
};

/** The table of one machine's hours. */
export function hoursTable(hours, nowMs) {
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
    cell.append(
      element(
        'span',
        'day-sum',
        `${energyText(sumHours(ofDay).energyMwh)} ${dayMs === todayMs ? 'so far' : 'in these hours'}`,
      ),
    );
    row.append(cell);
    body.append(row, ...ofDay.map(hourRow));
    table.append(body);
  }
  return table;
}

function hourRow(hour) {
  const { supplyMwh } = hour.energy;
  const row = withRole('tr', 'row', hour.status === 'final' ? '' : 'provisional');
  const meanW = supplyMwh === null || hour.spanMs === 0 ? null : (supplyMwh * 3600) / hour.spanMs;
  const states = withRole('td', 'cell', 'states');
  states.append(stateBar(hour.timeMs, 'state-bar'));
  row.append(
    withRole('th', 'rowheader', 'when', `${timeText(hour.hourMs)} – ${timeText(hour.hourMs + HOUR_MS)}`),
    withRole('td', 'cell', 'number energy', energyText(supplyMwh)),
    withRole('td', 'cell', 'number mean', powerText(meanW)),
    states,
    coverageCell(hour),
    statusCell(hour),
  );
  return row;
}

function coverageCell({ coverage, reasons, obtained }) {
  const cell = withRole('td', 'cell', 'number coverage', percentText(coverage.time));
  if (coverage.time < 0.95) cell.classList.add('low');
  const why = reasons.map((reason) => REASONS[reason] ?? reason);
  if (obtained.bridgedMwh > 0) why.push(`${energyText(obtained.bridgedMwh)} bridged`);
  if (why.length > 0) cell.title = why.join('; ');
  return cell;
}

function statusCell({ status, revision, finalBy }) {
  const text = status === 'final' ? (revision > 1 ? `Final, rev. ${revision}` : 'Final') : 'Provisional';
  const cell = withRole('td', 'cell', 'status');
  const mark = element('span', `status-mark ${status}`, text);
  if (status !== 'final') mark.title = 'Not every agent has delivered this hour completely yet';
  else if (finalBy === 'seven-days') mark.title = 'Closed after seven days though not everything had come';
  cell.append(mark);
  return cell;
}

// On narrow screens rows become grids, which would take the table's meaning away from screen readers.
function withRole(tag, role, className = '', text = '') {
  const made = element(tag, className, text);
  made.setAttribute('role', role);
  return made;
}
