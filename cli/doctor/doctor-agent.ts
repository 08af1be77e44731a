import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { commonNameOf, cureOfCertificate } from '../../config/certificate-name.ts';
import { loadAgentConfig } from '../../config/load.ts';
import { systemClock } from '../../protocols/clock.ts';
import { readCredentials } from '../broker-link.ts';
import { buildDrivers } from '../build-drivers.ts';
import { gatherDoubts } from '../device-doubts.ts';
import { examineModbus } from './doctor-modbus.ts';
import { examineOpcua } from './doctor-opcua.ts';
import { examineSpool } from './doctor-spool.ts';
import { examineWaiting } from './doctor-waiting.ts';
import { examine, type Examination } from '../examination.ts';
import { tryBroker, tryFolder } from '../trials.ts';
import { pkiFolderOf } from '../trust/pki-folder.ts';

/** Words arrive by subscription, a moment after the first poll. */
const WORDS_WAIT_MS = 500;

/** The data folder, serial ports and certificates, whom OPC UA sources trust, each source, and the broker of an agent. */
export async function* examineAgent(file: string): AsyncGenerator<Examination> {
  const { config, folder } = loadAgentConfig(file);
  const dataFolder = resolve(folder, config.data);
  yield examine('data folder', () => tryFolder(dataFolder));
  yield examineSpool(dataFolder);
  yield examineWaiting(dataFolder, Date.now());
  yield* examineModbus(config.sources, folder);
  yield* examineOpcua(config.sources, { folder, pkiFolder: pkiFolderOf(dataFolder), config: file });
  const doubts = gatherDoubts();
  const drivers = await buildDrivers(config, {
    folder,
    dataFolder,
    config: file,
    clock: systemClock,
    log: doubts.log,
  });
  for (const driver of drivers) {
    const { id, address } = driver.description;
    const words = new Map<string, unknown>();
    driver.onStatus(({ channel, value }) => words.set(channel, value));
    let isMute = false;
    const tried = await examine(`source ${id}`, async () => {
      const poll = await driver.poll();
      const wordChannels = driver.channels.filter(({ kind }) => kind === 'status').length;
      if (words.size < wordChannels) await wait(WORDS_WAIT_MS);
      const values = poll.readings.filter((reading) => reading.value !== null).length;
      const told = [...words.values()].filter((value) => value !== null).length;
      // A control that is off tells no word, and is right.
      isMute = values + told + wordChannels === 0;
      const ofWords = wordChannels === 0 ? '' : ` and ${told} of ${wordChannels} words`;
      return `${address} answered in ${poll.roundTripMs.toFixed(1)} ms with ${values} of ${poll.readings.length} values${ofWords}`;
    });
    yield isMute
      ? {
          ...tried,
          result: 'warning',
          cure: 'Correct what this source is to read: `millwatt probe` shows it.',
        }
      : tried;
    for (const message of driver.remarks?.() ?? [])
      yield { subject: `source ${id}`, result: 'warning', message, cure: '' };
    for (const message of doubts.of(id))
      yield {
        subject: `source ${id}`,
        result: 'warning',
        message: `${message}.`,
        cure: '`millwatt probe` shows what it measures; compare that with the display of the device.',
      };
    await driver.close();
  }
  const { cert } = config.broker;
  const named = cert === undefined ? undefined : commonNameOf(readIfThere(resolve(folder, cert)));
  if (cert !== undefined && named !== undefined && named !== config.agent)
    yield {
      subject: 'certificate',
      result: 'warning',
      message: `${cert} is the certificate of ${named}, not of agent ${config.agent}: the embedded broker will refuse it`,
      cure: cureOfCertificate(cert, config.agent),
    };
  yield examine('broker', () =>
    tryBroker({
      url: config.broker.url,
      username: config.agent,
      mqtt: config.broker.mqtt,
      ...readCredentials(config.broker, folder),
    }),
  );
}

/** Why a file cannot be read is said where it is used. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
