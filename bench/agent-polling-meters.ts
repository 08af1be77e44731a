import { loadProfile } from '../config/library/profile-library.ts';
import { createProfileBank } from '../protocols/simulator/modbus-bank.ts';
import { startModbusServer } from '../protocols/simulator/modbus-server.ts';
import { answerQuestions } from './line-process.ts';
import { createReadings } from './line-readings.ts';
import { REFERENCE_POINTS } from './reference-points.ts';

/**
 * The meters of bench/agent-polling.ts and bench/node-red.ts, in a process of their own. They count the polls they have
 * answered, so that all arms are counted by the same party: a read that covers the last of the twelve values is one.
 */
const LAST_ADDRESS = Math.max(...REFERENCE_POINTS.map(({ address }) => address));
const count = Number(process.argv[2] ?? 50);
const { profile } = loadProfile('eastron/sdm630');
const startMs = Date.now();
let polls = 0;
const servers = await Promise.all(
  Array.from({ length: count }, (_, meter) => {
    const readingOf = createReadings(meter);
    const bank = createProfileBank(profile, ({ quantity, phase }) =>
      readingOf(quantity, phase, (Date.now() - startMs) / 1000),
    );
    const counting: typeof bank = {
      ...bank,
      read: (functionCode, address, registers) => {
        if (address <= LAST_ADDRESS && address + registers > LAST_ADDRESS) polls += 1;
        return bank.read(functionCode, address, registers);
      },
    };
    return startModbusServer({ host: '127.0.0.1', port: 0, units: new Map([[1, counting]]) });
  }),
);
answerQuestions({ ports: () => servers.map(({ port }) => port), polls: () => polls });
