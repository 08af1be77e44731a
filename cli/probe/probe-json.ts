import type { Driver } from '../../protocols/driver.ts';
import { QUANTITIES } from '../../protocols/telemetry/quantity.ts';
import { ABSURD_WORDS, remarkOnAbsurd } from './absurd-values.ts';
import type { Outcome, Remarks, Words } from './probe-view.ts';
import { valueOf } from '../reading-format.ts';

/** One poll of one source as plain data: readings with their registers, status words, requests, warnings of the device and remarks on points. */
export function probeAsJson(
  driver: Driver,
  outcome: Outcome,
  words: Words,
  { ofPoints, ofDevice }: Remarks,
): object {
  const { id, address, protocol, profile } = driver.description;
  const trace = driver.trace?.();
  const remarks = new Map([...ofPoints, ...(trace?.remarks ?? [])]);
  for (const channel of remarkOnAbsurd(driver, outcome.poll))
    remarks.set(
      channel,
      [remarks.get(channel), ABSURD_WORDS].filter((text) => text !== undefined).join('; '),
    );
  const registersOf = (channel: string): number[] | null => {
    const raw = trace?.raw.get(channel);
    return raw === undefined || outcome.poll === undefined ? null : [...raw];
  };
  const readings = (outcome.poll?.readings ?? []).map((reading) => {
    const channel = driver.channels.find((one) => one.id === reading.channel);
    const measured = channel?.kind === 'measured' ? channel : undefined;
    return {
      channel: reading.channel,
      value: measured === undefined ? null : valueOf(measured, reading.value),
      unit: measured === undefined ? '' : QUANTITIES[measured.quantity].unit,
      raw: typeof reading.value === 'bigint' ? reading.value.toString() : reading.value,
      quality: reading.quality,
      point: channel?.point ?? '',
      registers: registersOf(reading.channel),
    };
  });
  const status = driver.channels
    .filter((channel) => channel.kind === 'status')
    .map((channel) => ({
      channel: channel.id,
      value: words.get(channel.id)?.value ?? null,
      point: channel.point,
      registers: registersOf(channel.id),
    }));
  return {
    source: id,
    address,
    protocol,
    profile: profile?.id ?? null,
    error: outcome.error ?? null,
    roundTripMs: outcome.poll?.roundTripMs ?? null,
    readings,
    status,
    requests: trace?.requests ?? [],
    warnings: ofDevice,
    remarks: Object.fromEntries(remarks),
  };
}
