import { countText, element, energyText, fineText, powerText } from './format.js';
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
      timeText(timeMs[state]),
      meanPowerW[state] === null ? '' : `mean ${powerText(meanPowerW[state])}`,
    ];
    lines.push({ label: wordOf(state), text: words.filter((word) => word !== '').join(', '), state });
  }
  return lines;
}

function otherLines({ energy, obtained, uncertainty, reasons, basis }) {
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
  add('Not fully measured', reasons.map((reason) => REASONS[reason] ?? reason).join('; '));
  for (const { fact, remedy, key } of uncertainty?.supply?.missing ?? [])
    add(`Uncertainty lacks: ${fact}`, key === null ? remedy : `${remedy} (${key})`);
  const { hours, amendments } = basis;
  add(
    'Rests on',
    `${countText(hours.count)} machine-hours${hours.revisions === null ? '' : revisionText(hours.revisions)}${
      amendments.length === 0 ? '' : `, amendments ${amendments.join(', ')}`
    }`,
  );
  return lines;
}

function revisionText({ from, to }) {
  return from === to ? `, revision ${from}` : `, revisions ${from} to ${to}`;
}

/** ` ± 2.4 %`; nothing where it is not known. */
function plusMinus(uncertainty) {
  if (uncertainty?.kind !== 'known') return '';
  const outside = uncertainty.isQualified ? '' : ' (a class used outside its range)';
  return ` ± ${fineText(uncertainty.expandedPercent / 100)}${outside}`;
}

function timeText(ms) {
  const minutes = Math.round(ms / 60_000);
  return minutes < 60
    ? `${minutes} min`
    : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}
