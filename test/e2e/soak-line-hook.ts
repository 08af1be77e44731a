/*
 * Loaded before a process of the soak (`node --import`): every five seconds it writes how late its event loop was, and at once
 * what nobody caught. File: MILLWATT_SOAK_FOLDER/PID.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const RESOLUTION_MS = 5;
const file = join(process.env['MILLWATT_SOAK_FOLDER'] ?? '.', String(process.pid));
const write = (line: object) => appendFileSync(file, `${JSON.stringify(line)}\n`);

if (isMainThread) {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  setInterval(() => {
    write({
      lateMs99: delay.percentile(99) / 1e6 - RESOLUTION_MS,
      lateMsMax: delay.max / 1e6 - RESOLUTION_MS,
    });
    delay.reset();
  }, 5000).unref();
  // Watches only: what becomes of the process is as without us.
  process.on('uncaughtExceptionMonitor', (error, origin) =>
    write({ uncaught: `${origin}: ${String(error)}` }),
  );
}
