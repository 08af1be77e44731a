import modbusSerial from 'modbus-serial';
import { describe, expect, it } from 'vitest';
import { RtuSocketLink } from '../../../../protocols/modbus/rtu/rtu-socket-link.ts';
import { askControl, DEADLINE_MS, FACTOR, fuzz } from './rtu-fuzz.ts';
import { startHostileGateway } from './rtu-hostile-bus.ts';

describe('a hostile line behind a TCP gateway', () => {
  it(
    `gives right values or classed errors in ${6000 * FACTOR} exchanges, never another's`,
    async () => {
      const outcomes = await fuzz(async () => {
        const gateway = await startHostileGateway();
        const link = new RtuSocketLink('127.0.0.1', gateway.port);
        return { link, bus: gateway, close: () => gateway.close() };
      }, 6000 * FACTOR);
      console.log('RTU over TCP:', Object.fromEntries(outcomes));
    },
    DEADLINE_MS,
  );

  it(
    'deceives bare modbus-serial',
    async () => {
      const gateway = await startHostileGateway();
      try {
        const client = new modbusSerial.default();
        await client.connectTelnet('127.0.0.1', { port: gateway.port });
        const counts = await askControl(client, gateway, 1000 * FACTOR);
        console.log('modbus-serial, RTU over TCP:', counts);
        expect(counts.misattributed).toBeGreaterThan(0);
      } finally {
        await gateway.close();
      }
    },
    DEADLINE_MS,
  );
});
