import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sax from 'sax';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  calibrateInTurns,
  runCalibrate,
  type CalibrateOptions,
} from '../../../cli/calibrate/calibrate-command.ts';
import { readLedgerPower } from '../../../cli/calibrate/ledger-power.ts';
import { calibrate, calibrateInSteps } from '../../../collector/energy/calibration/calibrate.ts';
import type { Proposal } from '../../../collector/energy/calibration/proposal.ts';
import { readLedger } from '../../../collector/ledger/read-ledger.ts';
import { openLedger, type AdmissionLedger } from '../../../collector/ledger/sqlite-ledger.ts';
import { readCalibration } from '../../../config/calibration-file.ts';
import { machineModelOf } from '../../../cli/machine-model-of.ts';
import { checkConfig } from '../../../config/check.ts';
import { loadCollectorConfig } from '../../../config/load.ts';
import { MillwattError } from '../../../protocols/errors.ts';
import { silentLog } from '../../../protocols/log.ts';
import { createLoadProfile } from '../../../protocols/simulator/load-profile.ts';
import { feedOf, foldSpans } from '../../collector/energy/fold-feed.ts';
import { MACHINE, PlantFeed, START_MS } from '../../collector/derivation/plant-feed.ts';

const EVERY_MS = 10_000;
const HOURS = 26;
const ROWS_A_RECORD = 360;
const load = createLoadProfile({ kind: 'mill', ratedPowerW: 15_000, seed: 7 });

let folder = '';
let config = '';
let ledger: AdmissionLedger;

/** A ledger as a collector has it open, with a day and two hours of a mill in it, backlog last. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millwatt-calibrate-'));
  config = join(folder, 'collector.yaml');
  writeConfig('');
  ledger = await openLedger({ folder: join(folder, 'data', 'ledger'), log: silentLog });
  const feed = new PlantFeed();
  const records = [feed.config()];
  const count = (HOURS * 3_600_000) / EVERY_MS;
  for (let from = 0; from < count; from += ROWS_A_RECORD) {
    const timesMs = Array.from({ length: ROWS_A_RECORD }, (_, row) => START_MS + (from + row) * EVERY_MS);
    records.push(
      feed.say({
        rows: [
          {
            source: 'meter',
            everyMs: EVERY_MS,
            timesMs,
            columns: {
              [`${MACHINE}.supply.activePower`]: timesMs.map((atMs) => load.powerW('supply', atMs)),
              [`${MACHINE}.spindle.activePower`]: timesMs.map((atMs) => load.powerW('spindle', atMs)),
            },
          },
        ],
        sealedToMs: (timesMs.at(-1) ?? START_MS) + EVERY_MS,
      }),
    );
  }
  const [first, ...rest] = records;
  for (const record of [first!, ...rest.toReversed()])
    await ledger.append({ ...record, receivedMs: START_MS + HOURS * 3_600_000 });
});

afterAll(async () => {
  await ledger.close();
  rmSync(folder, { recursive: true, force: true });
});

const FROM = new Date(START_MS).toISOString();
const TO = new Date(START_MS + HOURS * 3_600_000).toISOString();

describe('millwatt calibrate', () => {
  it('proposes bands from the ledger, and prints a plot that fits 80 columns', async () => {
    const text = await run(MACHINE, { from: FROM, to: TO });
    for (const word of ['off', 'extended standby', 'standby', 'ready', 'processing'])
      expect(text).toContain(word);
    expect(text).toMatch(/█/);
    expect(text).toMatch(/boundary at .*●/);
    expect(text).toContain('- { state: processing }');
    expect(text).toContain(`millwatt calibrate ${MACHINE} -c ${config} --adopt`);
    const wide = text.split('\n').filter((line) => line.length > 80 && !line.includes(folder));
    expect(wide).toEqual([]);
  });

  it('prints all of it as JSON', async () => {
    const { ok, proposal } = JSON.parse(await run(MACHINE, { from: FROM, to: TO, json: true })) as {
      ok: boolean;
      proposal: Proposal;
    };
    expect(ok).toBe(true);
    expect(proposal.data.samples).toBe((HOURS * 3_600_000) / EVERY_MS);
    expect(proposal.data.gaps).toBe(0);
    expect(proposal.bands.map(({ state }) => state)).toEqual([
      'off',
      'extendedStandby',
      'standby',
      'ready',
      'processing',
    ]);
  });

  it('refuses less than a day with the cure, unless less is enough', async () => {
    const short = { from: FROM, to: new Date(START_MS + 8 * 3_600_000).toISOString() };
    const error = await refusal(MACHINE, short);
    expect(error.code).toBe('too-little');
    expect(error.message).toContain('8.0 h of readings, and a day is needed');
    expect(error.cure).toContain('--hours-min 7.9');
    expect(await run(MACHINE, { ...short, hoursMin: '7.9' })).toContain('processing');
    const nearly = new Date(START_MS + 23.1 * 3_600_000).toISOString();
    expect(await run(MACHINE, { from: FROM, to: nearly })).toContain('processing');
  });

  it('calibrates a component below the supply', async () => {
    const text = await run(MACHINE, { from: FROM, to: TO, component: 'spindle' });
    expect(text).toContain('spindle power');
    expect(text).toContain('off');
    const error = await refusal(MACHINE, { from: FROM, to: TO, component: 'coolant' });
    expect(error.code).toBe('no-readings');
    expect(error.cure).toContain('power of: spindle, supply.');
  });

  it('says what is missing', async () => {
    expect((await refusal('lathe-9', { from: FROM, to: TO })).cure).toContain(MACHINE);
    expect((await refusal(MACHINE, { from: TO, to: FROM })).code).toBe('bad-time');
    expect((await refusal(MACHINE, { from: 'yesterday' })).code).toBe('bad-time');
    expect((await refusal(MACHINE, { from: '2020-01-01', to: '2020-01-09' })).code).toBe('no-readings');
    expect(
      (await refusal(undefined, { csv: join(folder, 'x.csv'), adopt: true, config: undefined })).code,
    ).toBe('usage');
  });

  it('draws a picture that stands by itself', async () => {
    const path = join(folder, 'mill-1.svg');
    await run(MACHINE, { from: FROM, to: TO, plot: path, credit: 'Simulated <mill> & co' });
    const svg = readFileSync(path, 'utf8');
    const elements: string[] = [];
    const parser = sax.parser(true);
    parser.onopentag = ({ name }) => elements.push(name);
    parser.onerror = (error) => {
      throw error;
    };
    parser.write(svg).close();
    expect(elements.filter((name) => name === 'path').length).toBeGreaterThan(10);
    expect(svg).not.toMatch(/href|url\(|NaN|Infinity|undefined/);
    expect(svg).toContain('Simulated &lt;mill> &amp; co');
    expect((await refusal(MACHINE, { from: FROM, to: TO, plot: join(folder, 'no/where.svg') })).code).toBe(
      'no-plot',
    );
  });

  it('adopts versions, says the line that is missing, and the collector takes them', async () => {
    const first = await run(MACHINE, { from: FROM, to: TO, adopt: true });
    expect(first).toContain('Adopted as version 1');
    expect(first).toContain('valid from always');
    expect(first).toContain(`calibration: ${MACHINE}.calibration.yaml`);
    writeConfig(`    calibration: ${MACHINE}.calibration.yaml\n`);
    expect(checkConfig(readFileSync(config, 'utf8'), config, 'collector').findings).toEqual([]);
    const path = join(folder, `${MACHINE}.calibration.yaml`);
    const before = readFileSync(path, 'utf8');
    const second = await run(MACHINE, { from: FROM, to: TO, adopt: true, validFrom: '2026-12-01T00:00:00Z' });
    expect(second).toContain('Adopted as version 2');
    expect(second).toContain('names this file already');
    expect(readFileSync(path, 'utf8').startsWith(before)).toBe(true);
    expect(readCalibration(path, MACHINE).map(({ version }) => version)).toEqual([1, 2]);
    expect(
      (await refusal(MACHINE, { from: FROM, to: TO, adopt: true, validFrom: '2026-11-01T00:00:00Z' })).code,
    ).toBe('bad-calibration');
    expect(readCalibration(path, MACHINE)).toHaveLength(2);
  });

  it('decides states by what was adopted, for the time before as well, and says which version did', () => {
    const machine = loadCollectorConfig(config).config.machines[0]!;
    const model = machineModelOf(
      machine,
      readCalibration(join(folder, machine.calibration ?? ''), machine.id),
    );
    const december = Date.UTC(2026, 11, 1);
    for (const [fromMs, basis] of [
      [START_MS, 'calibration 1'],
      [december, 'calibration 2'],
    ] as const) {
      const timesMs = Array.from({ length: 120 }, (_, row) => fromMs + row * 1000);
      const powers = { supply: timesMs.map((_, row) => (row < 60 ? 30 : 7000)) };
      const spans = foldSpans(model, [feedOf(1, { timesMs, powers })], fromMs + 600_000);
      expect(spans.map(({ state, decider }) => `${state} ${decider}`).slice(0, 2)).toEqual([
        'off bands',
        'processing bands',
      ]);
      expect(spans[0]?.basis).toContain(basis);
    }
  });
});

describe('the computing', () => {
  it('shows how far it is, and ends at Ctrl-C between two steps', async () => {
    const shares: number[] = [];
    let ended = 0;
    const progress = { show: (share: number) => void shares.push(share), end: () => void ended++ };
    const timesMs = Array.from({ length: 3000 }, (_, row) => row * 1000);
    const samples = {
      timesMs,
      powersW: timesMs.map((_, row) => (row % 300 < 100 ? 30 : 6000) * (1 + (row % 7) / 100)),
      everyMs: timesMs.map(() => 1000),
    };
    const go = new AbortController();
    const result = await calibrateInTurns(calibrateInSteps(samples), progress, go.signal);
    expect(result).toEqual(calibrate(samples));
    expect(shares.length).toBeGreaterThan(4);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    const stop = new AbortController();
    const broken = calibrateInTurns(
      calibrateInSteps(samples),
      { ...progress, show: () => stop.abort() },
      stop.signal,
    );
    await expect(broken).rejects.toThrow('Stopped; nothing was changed.');
    expect(ended).toBe(2);
  });
});

describe('a recording', () => {
  it('is calibrated for a machine, in the time that was asked for, and adopted with a warning where little is known', async () => {
    const rows = Array.from({ length: 3000 }, (_, row) => {
      const at = new Date(START_MS + row * 1000).toISOString();
      return `${at},${(row % 300 < 100 ? 0.03 : row % 300 < 200 ? 1.2 : 6) * (1 + (row % 7) / 100)}`;
    });
    const csv = join(folder, 'day.csv');
    writeFileSync(csv, ['time,power_kW', ...rows, 'later,none'].join('\n'));
    const to = new Date(START_MS + 1_500_000).toISOString();
    const { proposal, leftOut } = JSON.parse(
      await run('mill', { csv, to, json: true, config: undefined }),
    ) as {
      proposal: Proposal;
      leftOut: string;
    };
    expect(leftOut).toBe('1 line without a time or a number was left out.');
    expect(proposal.data.samples).toBe(1500);
    expect(proposal.bands.map(({ state }) => state)).toEqual(['off', 'ready', 'processing']);
    expect((await refusal('mill', { csv, to: '2020-01-01', config: undefined })).cure).toContain(FROM);
    const own = join(folder, 'own.yaml');
    writeFileSync(
      own,
      readFileSync(config, 'utf8')
        .replace(/ +calibration.*\n/, '')
        .replace(MACHINE, 'mill-9'),
    );
    const text = await run('mill-9', { csv, adopt: true, config: own });
    expect(text).toContain('Adopted as version 1');
    expect(text).toContain('The confidence is low');
    expect(text).toContain('1 line without a time or a number was left out.');
    expect(readCalibration(join(folder, 'mill-9.calibration.yaml'), 'mill-9')[0]?.bands[0]?.state).toBe(
      'off',
    );
  });

  it('of a component is never adopted: states are told by supply power', async () => {
    const error = await refusal(MACHINE, { from: FROM, to: TO, component: 'spindle', adopt: true });
    expect(error.message).toContain('told by supply power');
  });
});

describe('reading the ledger', () => {
  const wanted = {
    machine: MACHINE,
    component: 'supply',
    fromMs: START_MS + 3_600_000,
    toMs: START_MS + 2 * 3_600_000,
  };

  it('takes only the time that was asked for, in order of time', async () => {
    const view = readLedger({ folder: join(folder, 'data', 'ledger'), log: silentLog });
    const shares: number[] = [];
    const { samples, unread } = await readLedgerPower(view, wanted, {
      signal: new AbortController().signal,
      onProgress: (share) => shares.push(share),
    });
    view.close();
    const { timesMs, powersW } = samples;
    expect(unread).toBe(0);
    expect(timesMs).toHaveLength(360);
    expect(timesMs[0]).toBe(wanted.fromMs);
    expect(Array.from(timesMs)).toEqual(Array.from(timesMs).toSorted((a, b) => a - b));
    expect(powersW[0]).toBeCloseTo(load.powerW('supply', wanted.fromMs), 6);
    expect(shares.at(-1)).toBe(1);
  });

  it('leaves out what cannot be read, and counts it', async () => {
    const view = readLedger({ folder: join(folder, 'data', 'ledger'), log: silentLog });
    const [first] = view.readMachine(MACHINE, wanted.fromMs, wanted.toMs);
    const spoilt = Uint8Array.from(first!.bytes).fill(0, -200);
    const { samples, unread } = await readLedgerPower(
      {
        countMachine: () => 2,
        configRecord: view.configRecord.bind(view),
        close: () => {},
        *readMachine() {
          yield { ...first!, bytes: spoilt };
          yield first!;
        },
      },
      { ...wanted, fromMs: 0, toMs: Infinity },
      { signal: new AbortController().signal, onProgress: () => {} },
    );
    view.close();
    expect(unread).toBe(1);
    expect(samples.timesMs.length).toBeGreaterThan(0);
  });

  it('stops when it is told to', async () => {
    const view = readLedger({ folder: join(folder, 'data', 'ledger'), log: silentLog });
    const stop = new AbortController();
    stop.abort(new Error('Ctrl-C'));
    const all = { ...wanted, fromMs: 0, toMs: Infinity };
    const many = { ...view, countMachine: () => 1, configRecord: view.configRecord.bind(view) };
    await expect(
      readLedgerPower(
        {
          ...many,
          close: () => view.close(),
          *readMachine(machine, fromMs, toMs) {
            for (let pass = 0; pass < 10; pass++) yield* view.readMachine(machine, fromMs, toMs);
          },
        },
        all,
        { signal: stop.signal, onProgress: () => {} },
      ),
    ).rejects.toThrow('Ctrl-C');
    view.close();
  });

  it('refuses a folder without a ledger', () => {
    expect(() => readLedger({ folder: join(folder, 'nothing'), log: silentLog })).toThrow(/no ledger/);
  });
});

function writeConfig(more: string): void {
  writeFileSync(
    config,
    `site: plant\ndata: ./data\nbroker: { url: mqtt://127.0.0.1 }\nmachines:\n  - id: ${MACHINE}\n    ratedPower: 15kW\n${more}`,
  );
}

type Given = Omit<CalibrateOptions, 'config'> & { config?: string | undefined };

async function run(machine: string | undefined, options: Given): Promise<string> {
  let text = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    const chosen = 'config' in options ? {} : { config };
    await runCalibrate(machine, { ...chosen, ...options } as CalibrateOptions);
  } finally {
    write.mockRestore();
  }
  return text;
}

async function refusal(machine: string | undefined, options: Given): Promise<MillwattError> {
  try {
    await run(machine, options);
  } catch (error) {
    if (error instanceof MillwattError) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}
