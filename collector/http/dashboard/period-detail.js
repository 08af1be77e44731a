import { budgetBars } from './budget-bars.js';
import { countText, durationText, element, energyText, fineText, percentText, powerText } from './format.js';
import { REASONS } from './reasons.js';
import { STATES, wordOf } from './states.js';

// What lies behind one shift, day or month: each state with its uncertainty, how energy was obtained, and what is missing.

/** Everything that the collector tells of a period, as labels and what is said of them. */
export function periodDetail(report) {
  const list = element('dl', 'pairs');
  for (const { label, text, state } of [...stateLines(report), ...otherLines(report)]) {
    const pair = element('div');
    const name = element('dt', state === undefined ? '' : 'state-name', label);
    if (state !== undefined) name.dataset.state = state;
    pair.append(name, element('dd', '', text));
    list.append(pair);
  }
  return list;
}

function stateLines({ energy, timeMs, meanPowerW, uncertainty }) {
  const lines = [];
  for (const state of STATES) {
    const mwh = energy.stateMwh[state];
    if (timeMs[state] === 0 && mwh === 0) continue;
    const of = uncertainty?.supply?.states[state];
    const words = [
      energy.supplyMwh === null ? 'energy not known' : `${energyText(mwh)}${plusMinus(of)}`,
      durationText(timeMs[state]),
      meanPowerW[state] === null ? '' : `mean ${powerText(meanPowerW[state])}`,
    ];
    lines.push({ label: wordOf(state), text: words.filter((word) => word !== '').join(', '), state });
  }
  return lines;
}

/**
 * Where the uncertainty of a period comes from, component by component: meters, and each source with its share.
 *
 * @param report the same period as the collector tells it with budgets
 */
export function periodBudget({ uncertainty }) {
  const parts = [];
  for (const [component, { total, states, meters }] of Object.entries(uncertainty)) {
    if (total?.kind !== 'known') continue;
    const meterText = meters
      .map(({ meter, facts }) => `${meter} ${BASES[facts.basis] ?? ''}`.trim())
      .join(', ');
    parts.push(budgetPart(`Uncertainty of ${component}: ${statement(total)} (${meterText})`, total));
    if (component !== 'supply') continue;
    for (const state of STATES)
      if (states[state]?.kind === 'known')
        parts.push(budgetPart(`${wordOf(state)}: ${statement(states[state])}`, states[state]));
  }
  return parts;
}

const BASES = { register: 'by its counter', power: 'by integrated power' };

function budgetPart(title, { rows }) {
  const part = element('details', 'period-budget');
  part.append(element('summary', '', title), budgetBars(rows) ?? element('p', 'note', 'Nothing adds to it.'));
  return part;
}

const statement = (known) => `${energyText(known.energyMwh)}${plusMinus(known)}`;

function otherLines(report) {
  const { energy, obtained, uncertainty, reasons, basis, coverage, spanMs, measuredMs } = report;
  const lines = [];
  const add = (label, text) => {
    if (text !== '') lines.push({ label, text });
  };
  const ways = [
    [obtained.counterMwh, 'from the counter'],
    [obtained.bridgedMwh, 'bridged over gaps'],
    [obtained.integratedMwh, 'from power x time'],
  ];
  const obtainedText = ways.filter(([mwh]) => mwh !== 0).map(([mwh, how]) => `${energyText(mwh)} ${how}`);
  if (energy.supplyMwh !== null) add('How it was obtained', obtainedText.join(', '));
  if (energy.exportMwh > 0) add('Fed back', energyText(energy.exportMwh));
  for (const [name, mwh] of Object.entries(energy.componentMwh))
    if (name !== 'supply') add(name, `${energyText(mwh)}${plusMinus(uncertainty?.[name]?.total)}`);
  add('Watched', `${durationText(spanMs)} of ${durationText(report.toMs - report.fromMs)}`);
  add('Measured', `${durationText(measuredMs)}, ${percentText(coverage.time)} of the time watched`);
  add('Not fully measured', reasons.map((reason) => REASONS[reason] ?? reason).join('; '));
  for (const { fact, remedy, key } of uncertainty?.supply?.missing ?? [])
    add(`Uncertainty lacks: ${fact}`, key === null ? remedy : `${remedy} (${key})`);
  const { hours, amendments } = basis;
  add(
    'Rests on',
    `${countText(hours.count)} machine-hours${hours.revisions === null ? '' : revisionText(hours.revisions)}${
      hours.revised === 0 ? '' : `, ${countText(hours.revised)} of them revised`
    }`,
  );
  add(
    'Amended',
    amendments.length === 0 ? '' : `${countText(hours.amended)} of them, by ${amendments.join(', ')}`,
  );
  return lines;
}

function revisionText({ from, to }) {
  return from === to ? `, revision ${from}` : `, revisions ${from} to ${to}`;
}

/** ` ± 2.4 %`, and ` ?` where a class was used outside its range; nothing where it is not known. */
export function plusMinus(uncertainty) {
  if (uncertainty?.kind !== 'known') return '';
  return ` ± ${fineText(uncertainty.expandedPercent / 100)}${uncertainty.isQualified ? '' : ' ?'}`;
}
