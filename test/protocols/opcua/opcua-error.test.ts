import { expect, test } from 'vitest';
import { connectionError } from '../../../protocols/opcua/opcua-error.ts';

const ENDPOINT = 'opc.tcp://192.168.1.30:4840';

test('nothing that a server had its hand in commands the terminal that it is shown on', () => {
  const error = connectionError(ENDPOINT, new Error('it said \u001b[2J\u009b31m\u202e and more\nand a dump'));
  expect(error.message).toBe(`${ENDPOINT} broke off (it said ?[2J?31m? and more).`);
  expect(String(error.cause)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(connectionError(ENDPOINT, new Error(`x${'y'.repeat(5000)}`)).message.length).toBeLessThan(300);
});

test('who shows it says which source it is; it is not said twice', () => {
  expect(connectionError(ENDPOINT, new Error('connect ECONNREFUSED')).message).toBe(
    `${ENDPOINT} refuses connections.`,
  );
});

test('a cure names the configuration file that there is', () => {
  const cause = new Error('BadSecurityChecksFailed');
  expect(connectionError(ENDPOINT, cause, '/etc/millwatt/hall-1.yaml').cure).toContain(
    'millwatt trust own -c /etc/millwatt/hall-1.yaml prints it',
  );
  expect(connectionError(ENDPOINT, cause, 'hall 1.yaml').cure).toContain('-c "hall 1.yaml" prints');
  expect(connectionError(ENDPOINT, cause).cure).toContain('millwatt trust own -c agent.yaml');
});
