import { describeEndpoint, type ModbusEndpoint } from '../../protocols/modbus/endpoint.ts';
import type { FoundDevice, ScanProgress } from '../../protocols/modbus/scan/scan-line.ts';
import type { ScanPlan } from '../../protocols/modbus/scan/scan-plan.ts';
import { nameDevice } from './scan-report.ts';
import { createScreen, style } from '../screen.ts';

/** What is shown while a scan runs, and what it remarked. */
export interface ShownProgress extends ScanProgress {
  remarks(): readonly string[];
  /** Takes the bar away. */
  end(): void;
}

const BAR_CELLS = 24;
const DRAW_EVERY_MS = 100;
/** Without a terminal: a line each tenth. */
const TENTHS = 10;

/** A bar with what is asked and what was found so far; plain lines where the output is no terminal; nothing when quiet. */
export function createScanProgress(plan: ScanPlan, options: { isQuiet: boolean }): ShownProgress {
  const out = process.stdout;
  const screen = createScreen(out);
  const isLive = out.isTTY && !options.isQuiet;
  const found: string[] = [];
  const remarks: string[] = [];
  let { asksMax } = plan;
  let asked = 0;
  let shownTenths = 0;
  let drawnAtMs = 0;
  let now = '';
  const draw = () => {
    drawnAtMs = performance.now();
    const share = Math.min(1, asked / Math.max(1, asksMax));
    const filled = Math.round(share * BAR_CELLS);
    // The bar stays in sight however much is found; the table at the end has all of it.
    const room = Math.max(1, (out.rows || 24) - 3);
    const earlier = found.length > room ? found.length - room + 1 : 0;
    screen.draw([
      ...(earlier === 0 ? [] : [`${earlier} found before these`]),
      ...found.slice(earlier),
      `${style('█'.repeat(filled), 'green')}${style('░'.repeat(BAR_CELLS - filled), 'dim')} ${Math.floor(share * 100)} %  ${asked} of at most ${asksMax}  ${now}`,
    ]);
  };
  return {
    onAsk(endpoint: ModbusEndpoint, unit: number | undefined) {
      asked += 1;
      now = `${describeEndpoint(endpoint)}${unit === undefined ? '' : ` unit ${unit}`}`;
      if (isLive && performance.now() - drawnAtMs >= DRAW_EVERY_MS) draw();
      const tenths = Math.floor((asked / Math.max(1, asksMax)) * TENTHS);
      if (isLive || options.isQuiet || tenths <= shownTenths) return;
      shownTenths = tenths;
      out.write(`asked ${asked} of at most ${asksMax}, now ${now}; ${found.length} found\n`);
    },
    onFound(device: FoundDevice) {
      const line = `found ${describeEndpoint(device.endpoint)} unit ${device.unit}: ${nameDevice(device)}`;
      found.push(line);
      if (isLive) draw();
      else if (!options.isQuiet) out.write(`${line}\n`);
    },
    onFewer(fewer: number) {
      asksMax = fewer;
    },
    onRemark(text: string) {
      if (!remarks.includes(text)) remarks.push(text);
    },
    remarks: () => remarks,
    end() {
      // The table that follows says all of it again.
      if (isLive) screen.draw([]);
      screen.end();
    },
  };
}
