import type { MeasuredChannel } from '../../../protocols/telemetry/channel.ts';
import type { SourceDescription } from '../../../protocols/telemetry/snapshot.ts';
import { isUntold } from './class-word.ts';
import type { CurrentTransformer, MeteringFacts } from './metering-facts.ts';

/** What no wiring tells and an operator has to enter at the collector; whatever is left out stays unknown. */
export interface ToldMetering extends Pick<MeteringFacts, 'drift' | 'environment'> {
  /** The class of the current transformers, and what else their nameplate says; their ratio where it is set in the meter itself. */
  ct?: Partial<CurrentTransformer>;
  /** True for a meter or sensor that is connected directly, or whose class includes its own transformers. */
  isDirect?: boolean;
  vtClass?: string;
  meter?: Partial<MeteringFacts['meter']>;
}

/**
 * What is known of the metering of one channel, from the signed snapshot and from what was entered. A class that a person
 * entered goes before one that the device tells of itself.
 *
 * @param accuracy of the channel that gives the energy (or the power, where there is no counter)
 */
export function meteringOfSource(
  source: Pick<SourceDescription, 'meter' | 'ct' | 'vt'>,
  accuracy: MeasuredChannel['accuracy'],
  told: ToldMetering,
): MeteringFacts {
  const entered = told.meter?.class ?? source.meter?.class ?? null;
  const own = isUntold(entered) && accuracy !== undefined ? accuracy : undefined;
  const domain = own === undefined ? told.meter?.domain : own.domain;
  const { maxA, fullScaleW } = told.meter ?? {};
  const hasVt = source.vt !== undefined || told.vtClass !== undefined;
  return {
    meter: {
      class: own?.class ?? entered,
      ...(domain === undefined ? {} : { domain }),
      ratedA: told.meter?.ratedA ?? null,
      ...(maxA === undefined ? {} : { maxA }),
      ...(fullScaleW === undefined ? {} : { fullScaleW }),
    },
    connection: connectionOf(source.ct, told),
    ...(hasVt ? { vt: { class: told.vtClass ?? null } } : {}),
    ...(told.drift === undefined ? {} : { drift: told.drift }),
    ...(told.environment === undefined ? {} : { environment: told.environment }),
  };
}

/** The house writes ct 1/1 for a meter connected directly; without any word nobody knows. */
function connectionOf(ct: SourceDescription['ct'], told: ToldMetering): MeteringFacts['connection'] {
  if (told.isDirect === true) return { kind: 'direct' };
  const isOne = ct !== undefined && ct.primary === 1 && ct.secondary === 1;
  if (told.ct === undefined && (ct === undefined || isOne)) return isOne ? { kind: 'direct' } : null;
  // The signed ratio is what the energy was computed with; one of 1/1 beside a class says that the meter has its own.
  const ratio =
    ct === undefined || isOne
      ? { primaryA: told.ct?.primaryA ?? null, secondaryA: told.ct?.secondaryA ?? null }
      : { primaryA: ct.primary, secondaryA: ct.secondary };
  return { kind: 'transformer', ct: { class: null, ...told.ct, ...ratio } };
}
