import { element } from './format.js';

// The budget of an uncertainty, largest share first.

/** What people call the sources of a budget. */
const SOURCES = {
  meter: 'Meter',
  ct: 'Current transformers, ratio',
  ctPhase: 'Current transformers, phase',
  vt: 'Voltage transformers, ratio',
  vtPhase: 'Voltage transformers, phase',
  drift: 'Drift since calibration',
  environment: 'Temperature',
  sampling: 'Power between readings',
  gap: 'Time not read',
  resolution: 'Steps of the counter',
  closure: 'Counter against power',
};

/** Each source of an uncertainty with its share of the variance as a bar; null where none has one. */
export function budgetBars(rows) {
  const known = rows.filter(({ sharePercent }) => sharePercent >= 0.05);
  if (known.length === 0) return null;
  const list = element('ul', 'budget');
  for (const { source, sharePercent, note } of known.sort((a, b) => b.sharePercent - a.sharePercent)) {
    const entry = element('li');
    const bar = element('span', 'budget-bar');
    const part = element('i');
    part.style.width = `${sharePercent}%`;
    bar.append(part);
    entry.append(
      element('span', 'budget-source', SOURCES[source] ?? source),
      bar,
      element('span', 'budget-share', `${sharePercent.toFixed(1)} %`),
      element('span', 'note', note),
    );
    list.append(entry);
  }
  return list;
}
