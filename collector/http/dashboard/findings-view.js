import { element, shortDayText, startOfDay, timeText } from './format.js';

// What is implausible about the readings of a machine. Nothing is changed because of it; a person decides.

const WORDS = { error: 'Wrong', warning: 'Look at it', info: 'Good to know' };

/** The findings of the last day, worst first; a short word where there are none. */
export function findingsView({ findings, fromMs }) {
  if (findings.length === 0)
    return element(
      'p',
      'note findings-none',
      `Nothing implausible in the readings since ${timeText(fromMs)}, ${shortDayText(fromMs)}.`,
    );
  const node = element('div', 'findings');
  const worst = ['error', 'warning', 'info'];
  const list = element('ul');
  for (const finding of [...findings].sort((a, b) => worst.indexOf(a.severity) - worst.indexOf(b.severity))) {
    const { severity, component, saying, cure, fromMs: beginMs, toMs } = finding;
    const entry = element('li', 'finding');
    entry.dataset.severity = severity;
    const head = element('p', 'finding-head');
    head.append(
      element('strong', '', WORDS[severity] ?? severity),
      element('span', 'note', `${component}, ${whenText(beginMs, toMs)}`),
    );
    entry.append(head, element('p', '', saying), element('p', 'note', cure));
    list.append(entry);
  }
  node.append(element('h3', '', findings.length === 1 ? '1 finding' : `${findings.length} findings`), list);
  return node;
}

function whenText(fromMs, toMs) {
  const isSameDay = startOfDay(fromMs) === startOfDay(toMs);
  return `${shortDayText(fromMs)} ${timeText(fromMs)} – ${isSameDay ? '' : `${shortDayText(toMs)} `}${timeText(toMs)}`;
}
