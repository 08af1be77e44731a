import { afterEach, expect, test } from 'vitest';
import { SteppedClock } from '../../../protocols/clock.ts';
import { startSimulation, type Simulation } from '../../../protocols/simulator/plant.ts';

/** Tuesday morning, before the first shift, and when the mill works. */
const NIGHT = Date.UTC(2026, 10, 17, 3, 0);
const MORNING = Date.UTC(2026, 10, 17, 9, 30);

let simulation: Simulation | undefined;
afterEach(async () => {
  await simulation?.close();
});

async function start(clock: SteppedClock) {
  simulation = await startSimulation({
    seed: 'test',
    clock,
    machines: [{ id: 'mill-1', kind: 'mill', ratedPowerW: 15_000 }],
    devices: [{ type: 'mtconnect-agent', id: 'agent', port: 0, of: { machine: 'mill-1' } }],
    dataFolder: '',
  });
  const [endpoint] = simulation.endpoints;
  if (endpoint?.protocol !== 'mtconnect') throw new Error('no MTConnect agent');
  const get = async (path: string) => (await fetch(`${endpoint.url}${path}`)).text();
  return { load: simulation.loads.get('mill-1')!, get };
}

const valueOf = (text: string, name: string) =>
  new RegExp(` name="${name}" sequence="\\d+"[^>]*>([^<]*)<`, 'u').exec(text)?.[1];

test('a machine of the plant tells over MTConnect what it does', async () => {
  const clock = new SteppedClock(MORNING);
  const { load, get } = await start(clock);
  expect(await get('/mill-1/probe')).toMatch(/name="watts" category="SAMPLE" type="WATTAGE" units="WATT"/u);
  const seen = new Set<string | undefined>();
  for (let minute = 0; minute < 30; minute += 3) {
    clock.stepTo(MORNING + minute * 60_000);
    const text = await get('/current');
    const moment = load.momentAt(clock.wallMs());
    expect(Number(valueOf(text, 'watts'))).toBeCloseTo(load.powerW('supply', clock.wallMs()), 0);
    expect(Number(valueOf(text, 'energy'))).toBe(Math.floor(3600 * load.energyWh('supply', clock.wallMs())));
    expect(valueOf(text, 'program')).toBe(moment.program);
    if (moment.production === 'Running') expect(valueOf(text, 'execution')).toBe('ACTIVE');
    expect(Number(valueOf(text, 'part_count'))).toBe(moment.partCount);
    seen.add(valueOf(text, 'execution'));
  }
  expect(seen).toContain('ACTIVE');
});

test('a control that is off is unavailable, its meter is not', async () => {
  const { get } = await start(new SteppedClock(NIGHT));
  const text = await get('/current');
  for (const name of ['avail', 'execution', 'mode', 'program', 'part_count', 'Srpm', 'Sload'])
    expect(valueOf(text, name)).toBe('UNAVAILABLE');
  expect(Number(valueOf(text, 'watts'))).toBeGreaterThan(0);
});

test('every change has its number, whoever asks and when', async () => {
  const clock = new SteppedClock(MORNING);
  const { get } = await start(clock);
  clock.stepTo(MORNING + 60_000);
  await get('/current');
  clock.stepTo(MORNING + 120_000);
  const often = await get('/sample?count=10000');
  await simulation!.close();
  const other = new SteppedClock(MORNING);
  const again = await start(other);
  other.stepTo(MORNING + 120_000);
  const observations = (text: string) => text.slice(text.indexOf('<Streams>'));
  expect(observations(await again.get('/sample?count=10000'))).toBe(observations(often));
  expect(often.match(/ name="energy" /gu)).toHaveLength(121);
});
