import { describeEndpoint } from '../../protocols/modbus/endpoint.ts';
import type { Candidate } from '../../protocols/modbus/scan/identify-rank.ts';
import type { Suspects } from '../../protocols/modbus/scan/identify-suspects.ts';
import type { SeenValue } from '../../protocols/modbus/scan/identify-values.ts';
import { pointName } from '../../protocols/modbus/profile/profile.ts';
import type { FoundDevice } from '../../protocols/modbus/scan/scan-line.ts';
import type { ScanPlan } from '../../protocols/modbus/scan/scan-plan.ts';
import type { ScanResult } from '../../protocols/modbus/scan/scan-run.ts';
import { QUANTITIES } from '../../protocols/telemetry/quantity.ts';
import { writeFragment } from './scan-fragment.ts';
import { style } from '../screen.ts';
import { explainLeftOut, renderTable, wrapText, type TextColumn } from '../text-table.ts';

const COLUMNS: readonly TextColumn[] = [
  { title: 'where' },
  { title: 'unit', align: 'right' },
  { title: 'profile' },
  { title: 'certainty' },
  { title: 'shows', spare: 2 },
  { title: 'serial', spare: 3 },
  { title: 'device', spare: 1 },
];
const PROSE_WIDTH = 100;
const NAMED_MAX = 5;

/** Candidates that cannot be told apart; empty for a device of unknown kind. */
export function bestOf({ candidates }: Pick<FoundDevice, 'candidates'>): Candidate[] {
  return candidates.filter(({ rank }) => rank === 1);
}

/** What a device is, in a few words: its title, how many it may be, or that nobody knows. */
export function nameDevice(device: FoundDevice): string {
  const best = bestOf(device);
  const [first] = best;
  if (first === undefined) {
    const told = [device.identification?.get(0), device.identification?.get(1)].filter(Boolean).join(' ');
    return told === '' ? 'a Modbus device, unknown kind' : `unknown kind, calls itself ${told}`;
  }
  if (best.length === 1) return first.profile.title;
  const vendors = [...new Set(best.map(({ profile }) => profile.vendor))];
  return `one of ${best.length} ${vendors.length === 1 ? `of ${vendors[0]}` : `devices`}`;
}

/** The result for people: a table, why, what to know, and the fragment. */
export function drawScan(
  result: ScanResult,
  remarks: readonly string[],
  suspects: Suspects,
  width: number,
): string[] {
  const { devices } = result;
  const prose = Math.min(width, PROSE_WIDTH);
  const notes = remarks.flatMap((remark) => wrapText(`${remark}.`, prose));
  const ended = result.isComplete
    ? []
    : [style('Ended before it was through; this is what was found until then.', 'yellow')];
  if (devices.length === 0) {
    return [
      ...ended,
      'No Modbus device was found.',
      ...notes,
      ...(result.isComplete ? wrapText(NOTHING, prose) : []),
    ];
  }
  const rows = devices.map((device) => [
    describeEndpoint(device.endpoint),
    String(device.unit),
    nameProfile(device),
    bestOf(device)[0]?.certainty ?? 'unknown',
    showValues(device.values),
    device.details.serial ?? '-',
    nameDevice(device),
  ]);
  return [
    ...ended,
    ...renderTable(COLUMNS, rows, width),
    ...explainLeftOut(COLUMNS, rows, width),
    '',
    ...devices.flatMap((device) => [...explain(device, prose), '']),
    ...notes,
    ...(devices.some((device) => device.candidates.length === 0)
      ? wrapText(
          `These profiles cannot be recognised from outside: ${suspects.unrecognisable.join(', ')}.`,
          prose,
        )
      : []),
    ...(remarks.length > 0 ? [''] : []),
    style('To paste below sources: in agent.yaml', 'bold'),
    '',
    ...writeFragment(devices),
  ];
}

/** The result for scripts. */
export function scanAsJson(plan: ScanPlan, result: ScanResult, remarks: readonly string[]): object {
  return {
    target: plan.target.kind === 'network' ? plan.target.text : plan.target,
    asksMax: plan.asksMax,
    requests: result.requests,
    isComplete: result.isComplete,
    devices: result.devices.map((device) => ({
      endpoint: device.endpoint,
      where: describeEndpoint(device.endpoint),
      unit: device.unit,
      alsoUnits: device.alsoUnits,
      name: nameDevice(device),
      certainty: bestOf(device)[0]?.certainty ?? 'unknown',
      candidates: device.candidates.map(({ profile, alike, certainty, rank, reasons }) => ({
        profile: profile.id,
        title: profile.title,
        alike,
        certainty,
        rank,
        reasons,
      })),
      details: device.details,
      identification: device.identification === null ? null : Object.fromEntries(device.identification),
      values: device.values.map(({ point, value, isRefused }) => ({
        point: pointName(point),
        value,
        unit: QUANTITIES[point.quantity].unit,
        isRefused,
      })),
      requests: device.requests,
    })),
    remarks,
    fragment: result.devices.length === 0 ? '' : `${writeFragment(result.devices).join('\n')}\n`,
  };
}

const NOTHING =
  'A device that is there and was not found may be off, have another unit id, port or baud rate, have Modbus switched off in its menu, speak TLS only (write it into a configuration with `tls:`), or let in one program only, which another one is.';

function nameProfile(device: FoundDevice): string {
  const best = bestOf(device);
  const [first] = best;
  if (first === undefined) return '-';
  return best.length === 1 ? first.profile.id : `${first.profile.id} or ${best.length - 1} more`;
}

/** `230 V 50.0 Hz 4.12 kW` */
function showValues(values: readonly SeenValue[]): string {
  const of = (quantity: string) =>
    values.find(({ point, value }) => point.quantity === quantity && value !== null)?.value;
  const [volts, hertz, watts] = [of('voltage'), of('frequency'), of('activePower')];
  const texts = [
    ...(volts === undefined || volts === null ? [] : [`${volts.toFixed(0)} V`]),
    ...(hertz === undefined || hertz === null ? [] : [`${hertz.toFixed(1)} Hz`]),
    ...(watts === undefined || watts === null ? [] : [`${Math.round(watts)} W`]),
  ];
  return texts.length === 0 ? '-' : texts.join(' ');
}

/** Why we think so, in at most a few lines a candidate. */
function explain(device: FoundDevice, width: number): string[] {
  const where = `${describeEndpoint(device.endpoint)} unit ${device.unit}`;
  const also =
    device.alsoUnits.length === 0 ? '' : ` It answers as unit ${nameSome(device.alsoUnits.map(String))} too.`;
  const best = bestOf(device);
  const [first] = best;
  const told = Object.entries(device.details).map(([name, text]) => `${DETAIL_WORDS[name] ?? name} ${text}`);
  const details = told.length === 0 ? '' : ` It tells: ${told.join(', ')}.`;
  const body =
    first === undefined
      ? device.refusesAll
        ? 'It answers, but has none of the registers that the profiles know.'
        : 'It answers, but nothing it holds fits a profile: no identification, and no mains voltage where a profile has one.'
      : best.length === 1
        ? `${first.profile.title}, ${first.certainty}: ${first.reasons.join('; ')}.`
        : `One of ${best.map(({ profile }) => profile.id).join(', ')}: ${first.reasons.join('; ')}. The nameplate tells which.`;
  const alike =
    best.length === 1 && first !== undefined && first.alike.length > 0
      ? ` Look at the notes of ${first.alike.join(', ')}: from outside they look the same.`
      : '';
  return wrapText(`${where}: ${body}${details}${alike}${also}`, width);
}

const DETAIL_WORDS: Readonly<Record<string, string>> = {
  orderNumber: 'order number',
  serial: 'serial number',
};

function nameSome(names: readonly string[]): string {
  const more = names.length - NAMED_MAX;
  return more > 0 ? `${names.slice(0, NAMED_MAX).join(', ')} and ${more} more` : names.join(', ');
}
