import { OUTDATED, type HourMethod } from '../../derivation/hour-method.ts';
import type { FootprintRecord } from '../../footprint/record/footprint-record.ts';
import { soundRecord } from './record-frame.ts';

/** How the hours of a machine came about, asked before they were read and after. */
export interface ReadMethods {
  machine: string;
  before: HourMethod;
  after: HourMethod;
}

/**
 * The record with the methods by which its hours were computed. Where one does not hold any more, or took another's place while hours
 * were read, the record is provisional and a remark says how to get the figures that hold.
 */
export function underMethods(record: FootprintRecord, read: readonly ReadMethods[]): FootprintRecord {
  const old = read.filter(
    ({ before, after }) => before.isOutdated || after.isOutdated || before.sha256 !== after.sha256,
  );
  const methods = read.flatMap(({ machine, after: { sha256 } }) =>
    sha256 === null ? [] : [{ machine, sha256 }],
  );
  const { evidence, remarks } = record;
  return soundRecord({
    ...record,
    evidence: { ...evidence, methods, ...(old.length > 0 ? { status: 'provisional' as const } : {}) },
    remarks: [
      ...old.map(({ machine }) => `${OUTDATED.saying(machine)} Figures may change. ${OUTDATED.cure}`),
      ...remarks,
    ],
  });
}
