import type { CounterDecision } from '../../collector/energy/counter-decision.ts';
import type { HourBase } from '../../collector/energy/hour-base.ts';
import type { MachineHour } from '../../collector/energy/machine-hour.ts';
import type { AmendmentBody } from '../../collector/journal/amendment-body.ts';
import { sayFactor } from '../../collector/journal/amendment-saying.ts';

const MWH_PER_KWH = 1_000_000;

/** What the example is taken from, as it was derived so far. */
export interface ExampleSources {
  /** Machine-hours that the amendment touches, in order. */
  hours: readonly MachineHour[];
  /** Their decisions about counters. */
  bases: readonly Pick<HourBase, 'decisions'>[];
}

/**
 * The arithmetic of an amendment on the newest hour that it touches, as lines for people; none where nothing was derived yet. Later
 * digits may differ: the collector splits, rounds and closes anew.
 */
export function exampleOf(
  body: AmendmentBody,
  { hours, bases }: ExampleSources,
  sayTime: (atMs: number) => string,
): string[] {
  if (body.kind === 'meter-replaced' || body.kind === 'step') return decisionLines(body, bases, sayTime);
  if (body.kind === 'same-meter')
    return [
      'The difference of the counter under its two names is booked, and not cut where the name changes.',
    ];
  const hour = hours.findLast(({ energy }) => energy.componentMwh[body.component] !== undefined);
  if (hour === undefined) return [];
  const counted = hours.length === 1 ? 'It touches 1 hour so far' : `It touches ${hours.length} hours so far`;
  return [`${counted}; in the newest, ${sayTime(hour.hourMs)}, ${hourArithmetic(body, hour)}`];
}

function hourArithmetic(
  body: AmendmentBody & { kind: 'scale' | 'direction' | 'component' | 'exclude' },
  { energy }: MachineHour,
): string {
  const { component } = body;
  const mwh = energy.componentMwh[component] ?? 0;
  switch (body.kind) {
    case 'scale':
      return `${component} becomes about ${kwh(mwh)} x ${sayFactor(body)} = ${kwh((mwh * Number(body.num)) / Number(body.den))}.`;
    case 'direction':
      return component === 'supply'
        ? `import becomes ${kwh(energy.exportMwh)} (was ${kwh(mwh)}) and export ${kwh(mwh)} (was ${kwh(energy.exportMwh)}).`
        : `the import of ${component}, ${kwh(mwh)}, becomes export.`;
    case 'component': {
      const before = energy.componentMwh[body.becomes];
      return before === undefined
        ? `the ${kwh(mwh)} of ${component} become those of ${body.becomes}, which has none so far.`
        : `the ${kwh(mwh)} of ${component} become readings of ${body.becomes}, which has ${kwh(before)} of its own.`;
    }
    case 'exclude':
      return `${kwh(mwh)} of ${component} rest on these readings; a counter difference over what is left out is bridged.`;
  }
}

/** What was decided about the counter at the time, which the amendment overrules. */
function decisionLines(
  body: AmendmentBody & { kind: 'meter-replaced' | 'step' },
  bases: readonly Pick<HourBase, 'decisions'>[],
  sayTime: (atMs: number) => string,
): string[] {
  const about = bases
    .flatMap(({ decisions }) => decisions)
    .filter(({ component, direction }) => component === body.component && direction === 'import');
  const decided =
    body.kind === 'step'
      ? about.findLast(({ kind, atMs }) => kind === 'step' && isIn(atMs, body))
      : nearest(
          about.filter(({ kind }) => ['identity', 'reset', 'step', 'anchor'].includes(kind)),
          body.fromMs,
        );
  if (decided === undefined)
    return body.kind === 'step'
      ? ['No step was found in this time so far: nothing changes unless late readings bring one.']
      : [
          `What was drawn round the exchange is (${body.oldLast} - last reading of the old meter) + (first reading of the new one - ${body.newFirst}) ${body.unit}.`,
        ];
  const lines = [`So far, at ${sayTime(decided.atMs)}: ${decided.saying}`];
  const { beforeMwh, nowMwh } = decided;
  if (body.kind === 'step' && beforeMwh !== null && nowMwh !== null)
    lines.push(`Then ${kwh(nowMwh)} - ${kwh(beforeMwh)} = ${kwh(nowMwh - beforeMwh)} are booked.`);
  return lines;
}

function nearest(decisions: readonly CounterDecision[], atMs: number): CounterDecision | undefined {
  return [...decisions].sort((a, b) => Math.abs(a.atMs - atMs) - Math.abs(b.atMs - atMs))[0];
}

function isIn(atMs: number, { fromMs, toMs }: { fromMs: number; toMs: number | null }): boolean {
  return atMs >= fromMs && (toMs === null || atMs < toMs);
}

/** As many digits as are exact, at most six: 3.2 kWh. */
function kwh(mwh: number): string {
  return `${Number((mwh / MWH_PER_KWH).toFixed(6))} kWh`;
}
