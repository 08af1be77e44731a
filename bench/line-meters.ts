import { loadProfile } from '../config/library/profile-library.ts';
import { createProfileBank } from '../protocols/simulator/modbus-bank.ts';
import { startModbusServer } from '../protocols/simulator/modbus-server.ts';
import { answerQuestions } from './line-process.ts';
import { createReadings } from './line-readings.ts';

/** The meters that bench/line.ts polls, in a process of their own: as many as its argument says. */
const count = Number(process.argv[2] ?? 100);
const { profile } = loadProfile('eastron/sdm630');
const startMs = Date.now();
const servers = await Promise.all(
  Array.from({ length: count }, (_, meter) => {
    const readingOf = createReadings(meter);
    const bank = createProfileBank(profile, ({ quantity, phase }) =>
      readingOf(quantity, phase, (Date.now() - startMs) / 1000),
    );
    return startModbusServer({ host: '127.0.0.1', port: 0, units: new Map([[1, bank]]) });
  }),
);
answerQuestions({ ports: () => servers.map(({ port }) => port) });
