import { createDayChart } from './day-chart.js';
import { durationText, element, energyText, powerOf, timeText } from './format.js';
import { createSparkline } from './sparkline.js';
import { decidedText, wordOf } from './states.js';

// One machine: what it does now, what it used today, and its last 24 hours.

/** `showLive(live, speed)`, `showDay(...)`; `node` goes into the page. */
export function createMachineCard({ id, name, ratedPowerW }) {
  const node = element('article', 'machine');
  node.dataset.machine = id;
  const title = element('h3', '', name);
  title.id = `machine-${id}`;
  node.setAttribute('aria-labelledby', title.id);
  const chip = element('span', 'chip');
  // What decided it: on pointing, and for those who hear the page.
  const decided = element('span');
  decided.hidden = true;
  decided.id = `decided-${id}`;
  node.setAttribute('aria-describedby', decided.id);
  const head = element('div', 'machine-head');
  head.append(title, chip, decided);

  const figure = element('p', 'power');
  const power = element('span', 'power-figure', '–');
  const unit = element('span', 'power-unit');
  figure.append(power, unit);
  const load = element('p', 'power-note');
  const sparkline = createSparkline(ratedPowerW);
  const down = element('p', 'problem');
  down.hidden = true;

  const facts = element('dl', 'facts');
  const energy = addFact(facts, 'Today', '–');
  const intensity = addFact(facts, 'Per powered hour', '–');
  intensity.parentElement.title =
    'All energy since then by the hours in which the machine was switched on, as `millwatt use-phase` counts them';
  const parts = addFact(facts, 'Processing', '–');

  const now = element('div', 'machine-now');
  now.append(head, figure, load, sparkline.node, down, facts);
  const chart = createDayChart(name);
  node.append(now, chart.node);

  return {
    node,
    name,
    stepMinutes: () => chart.stepMinutes(),
    fillSparkline: (history) => sparkline.fill(history),
    showLive({ state, decider, basis, powerW, stale, atMs, down: downSources }, speed) {
      node.classList.toggle('stale', stale);
      chip.dataset.state = state;
      chip.textContent = stale ? 'No signal' : wordOf(state);
      const reason = stale ? 'no agent tells of it' : decidedText({ decider, basis });
      chip.title = reason;
      // Said only where it is another: those who hear the page would hear it twice a second.
      if (decided.textContent !== reason) decided.textContent = reason;
      const [value, unitName] = powerOf(powerW);
      power.textContent = value;
      unit.textContent = unitName;
      load.textContent = noteOf(powerW, ratedPowerW, stale);
      if (!stale) sparkline.add(atMs, powerW, speed);
      down.hidden = downSources.length === 0;
      down.textContent = downSources
        .map(({ source, reason }) => `${source}: ${reason || 'no answer'}`)
        .join(' · ');
    },
    /** `today`: hours of the site's day, which began at `sinceMs`. */
    showDay({ points, stepMs, today, sinceMs, spans, nowMs }) {
      chart.show({ points, stepMs, spans, nowMs });
      const sum = sumHours(today);
      energy.previousElementSibling.textContent = `Since ${timeText(sinceMs)}`;
      energy.textContent = energyText(sum.energyMwh);
      const poweredHours = sum.poweredMs / 3_600_000;
      intensity.textContent =
        sum.energyMwh === null || poweredHours === 0 ? '–' : energyText(sum.energyMwh / poweredHours);
      // Three figures have room beside each other without it.
      parts.textContent = durationText(sum.processingMs).replace(/( h \d\d) min$/, '$1');
    },
  };
}

/** Energy and times of hours; null where no hour knows its energy. */
export function sumHours(hours) {
  const sum = { energyMwh: null, poweredMs: 0, processingMs: 0 };
  for (const { energy, timeMs, spanMs } of hours) {
    sum.processingMs += timeMs.processing;
    if (energy.supplyMwh === null) continue;
    // Switched on: every state but off, and but unknown, of which nobody can say.
    sum.energyMwh = (sum.energyMwh ?? 0) + energy.supplyMwh;
    sum.poweredMs += spanMs - timeMs.off - timeMs.unknown;
  }
  return sum;
}

function addFact(list, label, value) {
  const pair = element('div');
  const shown = element('dd', '', value);
  pair.append(element('dt', '', label), shown);
  list.append(pair);
  return shown;
}

function noteOf(powerW, ratedPowerW, stale) {
  if (stale) return 'No live values; see the agents below';
  if (powerW === null) return 'No meter tells the power of the whole machine';
  if (ratedPowerW === null || ratedPowerW === 0) return 'now';
  return `now, ${Math.round((powerW / ratedPowerW) * 100)} % of rated power`;
}
