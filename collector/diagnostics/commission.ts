import { MINUTE_MS } from '../energy/hour-account.ts';
import type { SourceDescription } from '../../protocols/telemetry/snapshot.ts';
import { isSameSerial } from '../../protocols/telemetry/serial-number.ts';
import type { ToldMetering } from '../energy/uncertainty/metering-of-source.ts';
import { AveragedComponent } from './averaged-component.ts';
import { COMMISSION_CHECKS, type CommissionCheck, type CommissionResult } from './commission-result.ts';
import {
  checkBelowSupply,
  checkCounter,
  checkCurrentRange,
  checkFrequency,
  checkRatio,
  checkVoltage,
} from './commission-size-checks.ts';
import {
  checkDirection,
  checkPairing,
  checkSum,
  checkTriangle,
  notCheckable,
  pass,
  type Judged,
} from './commission-wiring-checks.ts';
import { cureByReading } from './read-cure.ts';
import { componentsOf, ratingOf, stepOf, type DiagnosedMachine } from './diagnosed-machine.ts';
import type { MachineMinute } from './machine-minute.ts';
import { sayHours } from '../energy/use-phase/say-kwh.ts';
import { PlausibilityScan } from './plausibility.ts';

/** The name of these checks; it changes when a result could. */
const ALGORITHM = 'millwatt-commission/1';
/** Older readings may be of another wiring than the one that someone stands in front of. */
const AGE_MAX_MS = 10 * MINUTE_MS;
/** Less says nothing. */
const MINUTES_MIN = 5;

/** Of a component, these are not missed where its meter does not tell them. */
const OPTIONAL: ReadonlySet<string> = new Set([
  'serial',
  'frequency',
  'pairing',
  'sum-of-phases',
  'power-triangle',
]);

/** What a commissioning is made of. */
export interface Commissioning {
  machine: DiagnosedMachine;
  /** Minutes of [fromMs, toMs) in which anything was read, in order. */
  minutes: readonly MachineMinute[];
  fromMs: number;
  toMs: number;
  /** What is told of the metering, by component. */
  metering: Readonly<Record<string, ToldMetering>>;
  /** What profiles of sources offer, by the source's id and the names that `read` takes; none where they are not known. */
  offers?: Readonly<Record<string, readonly string[]>>;
  /** Words of the control that the wiring names, and how long they decided the state in that time, ms. */
  control: { words: number; decidedMs: number };
  /** Wall ms; null where readings of another time are meant. */
  nowMs: number | null;
}

/** Checks whether a machine is metered as it should be: each check with its figures, or with what is missing for it. */
export function commission(about: Commissioning): CommissionResult {
  const { machine, minutes, fromMs, toMs } = about;
  const checks: CommissionCheck[] = [
    { check: 'readings', component: 'machine', ...checkReadings(about) },
    ...componentsOf(machine)
      .filter((component) => hasPower(machine, component))
      .flatMap((component) => checkComponent(about, component)),
    { check: 'control', component: 'machine', ...checkControl(about) },
    { check: 'plausible', component: 'machine', ...checkPlausible(about) },
  ];
  checks.sort((a, b) => COMMISSION_CHECKS.indexOf(a.check) - COMMISSION_CHECKS.indexOf(b.check));
  return {
    algorithm: ALGORITHM,
    machine: machine.machine,
    fromMs,
    toMs,
    minutes: minutes.length,
    checks,
    verdict: verdictOf(checks),
  };
}

function checkComponent(about: Commissioning, component: string): CommissionCheck[] {
  const { machine, minutes, metering } = about;
  const own = new AveragedComponent(machine.machine, component, minutes);
  const channels = machine.channels.filter((channel) => channel.component === component);
  const reads = (quantity: string) => channels.some((channel) => channel.quantity === quantity);
  const sourceId = channels.find(({ quantity }) => quantity === 'activePower')?.source;
  const source = machine.sources.find(({ id }) => id === sourceId);
  const counter = channels.find(
    ({ quantity, phase }) => quantity === 'activeEnergyImport' && phase === 'total',
  );
  const ratedW = ratingOf(machine, component);
  // The machine's rating bounds a component, but says nothing of what it should draw.
  const ownRatedW = component === 'supply' ? ratedW : (machine.componentRatedPowerW[component] ?? null);
  const judged: [CommissionCheck['check'], Judged][] = [
    ...(source === undefined ? [] : checkSerial(source)),
    ['ratio', checkRatio(own, ownRatedW)],
    ['counter', checkCounter(own, counter === undefined ? null : stepOf(counter))],
  ];
  // A drive that tells its power has no transformers, voltages or phases to be looked at.
  if (component === 'supply' || reads('voltage') || reads('current'))
    judged.push(
      ['voltage', checkVoltage(own, source?.vt)],
      ['frequency', checkFrequency(own)],
      ['direction', checkDirection(own, ratedW)],
      ['pairing', checkPairing(own, ratedW)],
      ['current-range', checkCurrentRange(own, source, metering[component])],
      ['sum-of-phases', checkSum(own, ratedW)],
      ['power-triangle', checkTriangle(own)],
    );
  if (component !== 'supply')
    judged.push([
      'below-supply',
      checkBelowSupply(own, new AveragedComponent(machine.machine, 'supply', minutes)),
    ]);
  const offers = source === undefined ? undefined : about.offers?.[source.id];
  const fed = channels.filter((channel) => channel.source === sourceId);
  const cured =
    source === undefined || offers === undefined
      ? judged
      : cureByReading(judged, fed, { id: source.id, offers });
  return cured
    .filter(
      ([check, { result }]) => component === 'supply' || result !== 'not-checkable' || !OPTIONAL.has(check),
    )
    .map(([check, told]) => ({ check, component, ...told }));
}

/** The serial number that was declared against the one that the device tells; nothing where neither is known. */
function checkSerial({
  meter,
  device,
}: Pick<SourceDescription, 'meter' | 'device'>): [CommissionCheck['check'], Judged][] {
  const [declared, told] = [meter?.serial, device?.serial];
  if (told === undefined)
    return declared === undefined
      ? []
      : [
          [
            'serial',
            notCheckable(
              `${declared} is declared; what the device tells is not in its records.`,
              'Compare it with the nameplate; `millwatt doctor` compares it where a Modbus meter tells it.',
            ),
          ],
        ];
  if (declared === undefined) return [['serial', pass(`The device tells ${told}; none is declared.`)]];
  return isSameSerial(declared, told)
    ? [['serial', pass(`${declared} is declared, and the device tells it.`)]]
    : [
        [
          'serial',
          {
            result: 'fail',
            saying: `${declared} is declared, and the device tells ${told}.`,
            cure: 'Another device answers there: look at address and unit id, or correct `meter: { serial }` in agent.yaml.',
          },
        ],
      ];
}

function checkReadings({ minutes, fromMs, toMs, nowMs }: Commissioning): Judged {
  const wanted = Math.round((toMs - fromMs) / MINUTE_MS);
  const saying = `${minutes.length} of ${wanted} minutes have readings`;
  if (minutes.length < MINUTES_MIN)
    return {
      result: 'fail',
      saying: `${saying}; ${MINUTES_MIN} are the least.`,
      cure: `Right after a start, wait until ${MINUTES_MIN} minutes were read; in a demo, until it has caught up with the present: before that, one reading stands for many minutes. Otherwise \`millwatt doctor\` says why the agent does not deliver.`,
    };
  if (nowMs !== null && nowMs - toMs > AGE_MAX_MS)
    return {
      result: 'warning',
      saying: `${saying}, the newest of ${new Date(toMs).toISOString().slice(0, 16)}Z, ${sayHours(nowMs - toMs)} ago.`,
      cure: 'What was changed at the meter since then is not in them: start the agent, wait, and commission again.',
    };
  return minutes.length < wanted
    ? { result: 'warning', saying: `${saying}.`, cure: 'Wait until the agent reads without gaps.' }
    : pass(`${saying}.`);
}

function checkControl({ control, fromMs, toMs }: Commissioning): Judged {
  if (control.words === 0)
    return notCheckable(
      'No control of this machine is read.',
      'Without one, states are told by power: see `millwatt calibrate`.',
    );
  const saying = `${control.words} ${control.words === 1 ? 'word' : 'words'} of the control ${control.words === 1 ? 'is' : 'are'} wired; they told the state for ${Math.round(control.decidedMs / 1000)} s of ${Math.round((toMs - fromMs) / 1000)} s`;
  return control.decidedMs > 0
    ? pass(`${saying}.`)
    : {
        result: 'warning',
        saying: `${saying}.`,
        cure: 'Is the control reachable and switched on? `millwatt states` says what it told.',
      };
}

function checkPlausible({ machine, minutes }: Commissioning): Judged {
  const scan = new PlausibilityScan(machine);
  for (const minute of minutes) scan.takeMinute(minute);
  const findings = scan.end();
  const [worst] = findings.filter(({ severity }) => severity === 'error');
  const [first] = findings;
  if (worst !== undefined)
    return { result: 'fail', saying: `${worst.code}: ${worst.saying}`, cure: worst.cure };
  return first === undefined
    ? pass('Nothing implausible was found in these minutes.')
    : { result: 'warning', saying: `${first.code}: ${first.saying}`, cure: first.cure };
}

function hasPower({ channels }: DiagnosedMachine, component: string): boolean {
  return channels.some(
    (channel) =>
      channel.component === component &&
      (channel.quantity === 'activePower' || channel.quantity === 'activeEnergyImport'),
  );
}

function verdictOf(checks: readonly CommissionCheck[]): CommissionResult['verdict'] {
  if (checks.some(({ result }) => result === 'fail')) return 'failed';
  const needed = checks.filter(
    ({ check, component }) => component === 'supply' && ['direction', 'ratio', 'counter'].includes(check),
  );
  return needed.length < 3 || needed.some(({ result }) => result === 'not-checkable')
    ? 'incomplete'
    : 'passed';
}
