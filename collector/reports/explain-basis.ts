import type { MachineHour } from '../energy/machine-hour.ts';
import type { ExplainedHour } from './explained-hour.ts';

/** The records, snapshots and algorithm that an hour rests on, and which version of it this is. */
export function explainBasis({ basis, status, finalBy, revision }: MachineHour): ExplainedHour['basis'] {
  return {
    algorithm: basis.algorithm,
    status:
      status === 'final'
        ? sayFinal(finalBy, revision)
        : 'provisional: it may change until every agent has delivered',
    records: basis.records.map(({ agent, epoch, from, to }) =>
      from === to
        ? `${agent}, epoch ${epoch}, record ${from}`
        : `${agent}, epoch ${epoch}, records ${from} to ${to}: ${to} - ${from} + 1 = ${to - from + 1}`,
    ),
    snapshots: basis.configs,
  };
}

function sayFinal(finalBy: MachineHour['finalBy'], revision: number): string {
  const because =
    finalBy === 'seven-days' ? 'seven days had passed' : 'every agent had delivered everything up to it';
  const version =
    revision <= 1
      ? 'it has not changed since'
      : `figures changed ${revision === 2 ? 'once' : `${revision - 1} times`} since, because data came late or more was decided`;
  return `final, revision ${revision}: ${because}; ${version}`;
}
