import { loadProfile } from '../config/profile-library.ts';
import { createProfileBank } from '../protocols/simulator/modbus-bank.ts';
import { startModbusServer } from '../protocols/simulator/modbus-server.ts';

/** The meters that bench/agent-polling.ts polls, in a process of their own: prints their ports, ends with its parent. */
const count = Number(process.argv[2] ?? 50);
const { profile } = loadProfile('eastron/sdm630');
const startMs = Date.now();
const servers = await Promise.all(
  Array.from({ length: count }, (_, meter) =>
    startModbusServer({
      host: '127.0.0.1',
      port: 0,
      units: new Map([
        [
          1,
          createProfileBank(profile, ({ quantity, phase }) => {
            const seconds = (Date.now() - startMs) / 1000;
            if (quantity === 'activeEnergyImport') return Math.fround(1000 + meter + seconds / 500);
            // Readings that move with every poll, as real ones do.
            return Math.fround(100 + 10 * Math.sin(seconds + meter + phase.length) + quantity.length);
          }),
        ],
      ]),
    }),
  ),
);
process.stdout.write(`${JSON.stringify(servers.map(({ port }) => port))}\n`);
process.stdin.resume();
process.stdin.on('end', () => process.exit());
