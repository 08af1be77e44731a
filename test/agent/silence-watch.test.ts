import { expect, test } from 'vitest';
import { SilenceWatch } from '../../agent/silence-watch.ts';

function rig() {
  let nowMs = 0;
  const said: string[] = [];
  const say = (level: string) => (_: object, message: string) => said.push(`${level} ${message}`);
  const log = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
  const watch = new SilenceWatch({ site: 'plant-2', log, nowMs: () => nowMs });
  const pass = (seconds: number, delivery: Parameters<SilenceWatch['look']>[0]) => {
    for (let second = 0; second < seconds; second++) {
      nowMs += 1000;
      watch.look(delivery);
    }
  };
  return { said, pass };
}

const WARNING =
  'warn connected to the broker, but no collector has answered for 2 minutes: is it running, and is its site also "plant-2"?';

test('a silent collector is said once, and so is its first answer', () => {
  const { said, pass } = rig();
  pass(120, { connected: true, inFlight: 3, answers: 0 });
  expect(said).toEqual([]);
  pass(600, { connected: true, inFlight: 3, answers: 0 });
  expect(said).toEqual([WARNING]);
  pass(2, { connected: true, inFlight: 0, answers: 1 });
  expect(said).toEqual([WARNING, 'info a collector answers']);
});

test('no warning while nothing waits, while the broker is away, or while answers come', () => {
  const { said, pass } = rig();
  pass(600, { connected: true, inFlight: 0, answers: 0 });
  pass(600, { connected: false, inFlight: 3, answers: 0 });
  for (let answers = 1; answers < 10; answers++) pass(100, { connected: true, inFlight: 3, answers });
  expect(said).toEqual([]);
});

test('the two minutes begin anew with each connection', () => {
  const { said, pass } = rig();
  pass(100, { connected: true, inFlight: 3, answers: 0 });
  pass(1, { connected: false, inFlight: 3, answers: 0 });
  pass(100, { connected: true, inFlight: 3, answers: 0 });
  expect(said).toEqual([]);
});
