import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes longest, longest first: begun last, one of them would keep one core waiting for minutes. */
const LONGEST: readonly string[] = [
  'test/agent/faults/crash-points.test.ts',
  'test/collector/ingest/any-order.test.ts',
  'test/simulation/delivery.test.ts',
  'test/e2e/kill-cycles.test.ts',
  'test/agent/faults/bit-flips.test.ts',
  'test/e2e/backlog.test.ts',
  'test/agent/faults/torn-tail.test.ts',
  'test/collector/derivation/clock-steps.test.ts',
  'test/interop/opcua/recovery-asyncua.test.ts',
  'test/collector/ledger/month-flips.test.ts',
  'test/e2e/second-collector.test.ts',
  'test/collector/energy/adversary.test.ts',
  'test/e2e/restore.test.ts',
  'test/interop/opcua/recovery-milo.test.ts',
  'test/e2e/faults-clock.test.ts',
  'test/collector/retention/killed-at-work.test.ts',
  'test/e2e/thinned-outage.test.ts',
];

class LongestFirst extends BaseSequencer {
  // Vitest does so by itself where it remembers an earlier run; a fresh clone remembers none.
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const at = LONGEST.findIndex((path) => moduleId.endsWith(`/${path}`));
      return at === -1 ? LONGEST.length : at;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
  },
});
