import { afterEach, describe, expect, it, vi } from 'vitest';
import { createScanProgress } from '../../cli/scan/scan-progress.ts';
import { createScreen } from '../../cli/screen.ts';
import type { FoundDevice } from '../../protocols/modbus/scan/scan-line.ts';
import { parseScanTarget } from '../../protocols/modbus/scan/scan-target.ts';
import { planScan } from '../../protocols/modbus/scan/scan-plan.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** A terminal of 80 columns and so many rows in place of the output; what was last written to it. */
function terminal(rows: number): { last: () => string } {
  let last = '';
  const out = process.stdout;
  const before = { isTTY: out.isTTY, rows: out.rows, columns: out.columns };
  Object.assign(out, { isTTY: true, rows, columns: 80 });
  vi.spyOn(out, 'write').mockImplementation((chunk) => {
    last = String(chunk);
    return true;
  });
  cleanUps.push(() => Object.assign(out, before));
  return { last: () => last };
}

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

describe('a block on a terminal', () => {
  it('is drawn over from the first column, wherever a ^C has left the cursor', () => {
    const { last } = terminal(24);
    const screen = createScreen();
    screen.draw(['one', 'two']);
    screen.draw([]);
    expect(last()).toBe('\r\u001b[2A\u001b[0J');
  });
});

describe('the progress of a scan', () => {
  it('keeps its bar in sight however many devices are found', () => {
    const { last } = terminal(10);
    const target = parseScanTarget('tcp://10.0.0.1');
    const progress = createScanProgress(planScan(target), { isQuiet: false });
    const endpoint = { transport: 'tcp', host: '10.0.0.1', port: 502 } as const;
    for (let unit = 1; unit <= 40; unit++) {
      progress.onAsk(endpoint, unit);
      const device: FoundDevice = {
        endpoint,
        unit,
        alsoUnits: [],
        candidates: [],
        details: {},
        identification: null,
        values: [],
        refusesAll: true,
        requests: 3,
      };
      progress.onFound(device);
    }
    const lines = last().split('\n');
    expect(lines.length).toBeLessThanOrEqual(10);
    expect(lines[0]).toContain('34 found before these');
    expect(lines.at(-3)).toContain('unit 40: a Modbus device, unknown kind');
    expect(lines.at(-2)).toMatch(/ 16 % {2}40 of at most 249/);
    progress.end();
  });
});
