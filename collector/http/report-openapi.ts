import {
  anything,
  byName,
  byState,
  list,
  maybe,
  number,
  object,
  reference,
  state,
  text,
  time,
} from './openapi-schema.ts';

/** How long something was watched, and in which states; ms. */
const watched = {
  timeMs: byState(number),
  spanMs: number,
  decidedMs: byState(byName(number)),
  measuredMs: number,
};

/** Energy of an hour, or of a period, which tells more of its components. */
const energy = (ofComponents: Record<string, object> = {}) =>
  object({
    supplyMwh: maybe(number),
    exportMwh: number,
    stateMwh: byState(number),
    componentMwh: byName(number),
    ...ofComponents,
    residualMwh: maybe(number),
    residuals: byName(maybe(number)),
  });

/** Whether figures may change yet, and why they are not better. */
const standing = { reasons: list(text), status: text, finalBy: maybe(text), revision: number };

/** What the API gives of a machine's hours and periods, and of what is found in them. */
export const REPORT_SCHEMAS = {
  MachineHour: object(
    {
      v: { const: 1 },
      site: text,
      machine: text,
      hourMs: time,
      ...watched,
      energy: energy(),
      obtained: object({
        counterMwh: number,
        integratedMwh: number,
        bridgedMwh: number,
        bridgedBy: object({ stateMean: number, linear: number, profile: number }),
      }),
      meanPowerW: byState(maybe(number)),
      closure: maybe(number),
      coverage: object({ time: number, energy: maybe(number) }),
      quality: text,
      ...standing,
      basis: anything,
    },
    'One machine and one UTC hour: energies in whole mWh, times in whole ms; null is not known, never 0',
  ),
  Figure: object(
    {
      label: text,
      value: maybe(number),
      unit: { type: 'string', enum: ['mWh', 'ms', 'W', 'share', 'litre'] },
      saying: text,
    },
    'A figure and how it is found with a pocket calculator, 41.25 kWh - 38.05 kWh = 3.2 kWh; a reading has its atMs, too',
  ),
  ExplainedHour: object(
    {
      v: { const: 1 },
      machine: text,
      hourMs: time,
      hour: reference('MachineHour'),
      time: list(reference('Figure')),
      energy: list(reference('Figure')),
      states: list(
        object({
          state,
          energyMwh: number,
          timeMs: number,
          meanPowerW: maybe(number),
          saying: text,
          decided: list(object({ decider: text, ms: number, bases: list(text) })),
        }),
      ),
      sums: list(reference('Figure')),
      meters: list(anything),
      counters: list(anything),
      closure: list(reference('Figure')),
      components: list(reference('Figure')),
      gaps: list(anything),
      decisions: list(anything),
      amendments: list(anything),
      uncertainty: anything,
      basis: anything,
      curve: list(anything),
      spans: list(reference('StateSpan')),
    },
    'One machine-hour, what it rests on, and how every figure of it is found',
  ),
  Reconciliation: object(
    {
      algorithm: text,
      mainMeter: text,
      mainBy: { type: 'string', enum: ['machine', 'readings'] },
      mainSaying: text,
      fromMs: time,
      toMs: time,
      mainMwh: maybe(number),
      machinesMwh: number,
      differenceMwh: maybe(number),
      expandedMwh: number,
      missing: list(anything),
      estimatedMwh: number,
      boundMwh: number,
      remainingMwh: maybe(number),
      verdict: {
        type: 'string',
        enum: ['within-uncertainty', 'explained', 'unexplained', 'unknown'],
      },
      lines: list(object({ label: text, mwh: maybe(number), saying: text })),
      basis: anything,
    },
    'Main meter minus machines, and what explains the difference; each line with its arithmetic',
  ),
  FindingReport: object(
    {
      machine: text,
      fromMs: time,
      toMs: time,
      findings: list(
        object({
          code: text,
          severity: { type: 'string', enum: ['error', 'warning', 'info'] },
          machine: text,
          component: text,
          fromMs: time,
          toMs: time,
          count: number,
          saying: text,
          cure: text,
        }),
      ),
      basis: object({ algorithm: text, minutes: number, hours: number, configs: list(text) }),
    },
    'Stretches of time in which readings are implausible; nothing is changed because of them',
  ),
  Period: object(
    {
      site: text,
      machine: text,
      period: object({ kind: text, key: text, name: text, date: text, fromMs: time, toMs: time }),
      fromMs: time,
      toMs: time,
      ...watched,
      energy: energy({ componentStateMwh: byName(byState(number)) }),
      media: { type: 'object', description: 'By component, apart from energy' },
      obtained: anything,
      closure: maybe(number),
      meanPowerW: byState(maybe(number)),
      coverage: object({ watched: number, time: number, energy: maybe(number) }),
      quality: text,
      qualityMs: byName(number),
      ...standing,
      uncertainty: { type: 'object', description: 'By component: total, states, missing facts' },
      basis: anything,
    },
    'One machine and one period: exact sums of minutes, so that periods of any kind add up to the same',
  ),
  UsePhase: object({
    site: text,
    machine: text,
    fromMs: time,
    toMs: time,
    usePhase: anything,
    uncertainty: maybe(anything),
    perHour: anything,
    powers: list(anything),
    scenario: anything,
    basis: anything,
  }),
};
