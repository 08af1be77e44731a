import { userInfo } from 'node:os';
import { basename, join, resolve } from 'node:path';
import type { Proposal } from '../../collector/energy/calibration/proposal.ts';
import { appendVersion } from '../../config/calibration-file.ts';
import type { MachineConfig } from '../../config/collector-config.ts';
import { existsSync } from 'node:fs';

/** What came of an adoption. */
export interface Adoption {
  file: string;
  version: number;
  validFrom: string;
  /** Sentences on what is left to do. */
  next: string[];
}

/**
 * Appends a proposal to the calibration file of a machine. The first version holds for all time, later ones from now or
 * from the time given.
 */
export function adoptProposal(
  proposal: Proposal,
  about: {
    machine: MachineConfig;
    /** Of the collector's configuration, and its name. */
    folder: string;
    config: string;
    source: string;
    validFromMs: number | undefined;
    nowMs: number;
  },
): Adoption {
  const { machine, folder, config, source, validFromMs, nowMs } = about;
  const name = machine.calibration ?? `${machine.id}.calibration.yaml`;
  const file = resolve(folder, name);
  const isFirst = !existsSync(file);
  const iso = (atMs: number) => new Date(atMs).toISOString();
  const validFrom = isFirst && validFromMs === undefined ? 'always' : iso(validFromMs ?? nowMs);
  const { data } = proposal;
  const version = appendVersion(file, machine.id, {
    validFrom,
    bands: proposal.bands.map(({ state, belowW }) => ({
      state,
      ...(belowW === null ? {} : { below: belowW }),
    })),
    hysteresis: proposal.hysteresis,
    dwell: proposal.dwellMs,
    adopted: { at: iso(nowMs), by: userInfo().username },
    basis: {
      source,
      from: iso(data.fromMs),
      to: iso(data.toMs),
      measured: data.measuredMs,
      samples: data.samples,
      confidence: proposal.confidence,
      method: proposal.method,
    },
  });
  const next =
    machine.calibration === undefined
      ? [`Put this line under ${machine.id} in ${basename(config)}:`, `    calibration: ${name}`]
      : [`${basename(config)} names this file already.`];
  return {
    file: join(file),
    version,
    validFrom,
    next: [...next, 'The collector takes it at its next start, and derives the hours it holds for anew.'],
  };
}
