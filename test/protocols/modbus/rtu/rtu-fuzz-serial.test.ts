import modbusSerial from 'modbus-serial';
import { describe, expect, it } from 'vitest';
import { SerialLink } from '../../../../protocols/modbus/rtu/serial-link.ts';
import { openSerialPair } from '../../../support/serial-pair.ts';
import { requireTool } from '../../../support/tools.ts';
import { askControl, DEADLINE_MS, FACTOR, fuzz } from './rtu-fuzz.ts';
import { openHostilePort } from './rtu-hostile-bus.ts';

const FORMAT = { baudRate: 115_200, parity: 'none', stopBits: 1 } as const;

describe.skipIf(requireTool('socat') === undefined)('a hostile serial line', () => {
  it(
    `gives right values or classed errors in ${4000 * FACTOR} exchanges, never another's`,
    async () => {
      const outcomes = await fuzz(async () => {
        const pair = await openSerialPair();
        const bus = await openHostilePort(pair.far, FORMAT);
        const close = async () => {
          await bus.close();
          await pair.close();
        };
        return { link: new SerialLink(pair.near, FORMAT), bus, close };
      }, 4000 * FACTOR);
      console.log('RTU:', Object.fromEntries(outcomes));
    },
    DEADLINE_MS,
  );

  it(
    'deceives bare modbus-serial',
    async () => {
      const pair = await openSerialPair();
      const bus = await openHostilePort(pair.far, FORMAT);
      try {
        const client = new modbusSerial.default();
        await client.connectRTUBuffered(pair.near, { baudRate: FORMAT.baudRate });
        const counts = await askControl(client, bus, 800 * FACTOR);
        console.log('modbus-serial, RTU:', counts);
        expect(counts.misattributed).toBeGreaterThan(0);
      } finally {
        await bus.close();
        await pair.close();
      }
    },
    DEADLINE_MS,
  );
});
