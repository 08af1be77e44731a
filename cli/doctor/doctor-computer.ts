import { availableParallelism, freemem } from 'node:os';
import type { Examination } from '../examination.ts';
import { VERSION } from '../version.ts';

/** Before this, the clock was never set: no reading can be dated. */
const PLAUSIBLE_SINCE_MS = Date.UTC(2025, 0, 1);
const NEEDED_MEMORY_BYTES = 150_000_000;

/** What can be told about this computer without a configuration. */
export function examineComputer(): Examination[] {
  const memoryBytes = freemem();
  const clockIsSet = Date.now() > PLAUSIBLE_SINCE_MS;
  return [
    {
      subject: 'millwatt',
      result: 'good',
      message: `${VERSION} on Node ${process.versions.node}, ${process.platform} ${process.arch}`,
      cure: '',
    },
    {
      subject: 'clock',
      result: clockIsSet ? 'good' : 'warning',
      message: `it is ${new Date().toISOString()}`,
      cure: clockIsSet
        ? ''
        : 'Set the clock (timedatectl set-ntp true); readings keep monotonic time until then.',
    },
    {
      subject: 'memory',
      result: memoryBytes > NEEDED_MEMORY_BYTES ? 'good' : 'warning',
      message: `${Math.round(memoryBytes / 1e6)} MB free, ${availableParallelism()} cores`,
      cure: memoryBytes > NEEDED_MEMORY_BYTES ? '' : 'An agent needs about 100 MB, a collector about 200 MB.',
    },
  ];
}
