import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { modbusTcpSource, type ModbusTcpSourceConfig } from '../../config/modbus/modbus-config.ts';
import { loadProfile } from '../../config/library/profile-library.ts';
import { readGroupsOf, slowerId } from '../../config/modbus/read-groups.ts';
import { duration } from '../../config/scalars.ts';
import { pointName } from '../../protocols/modbus/profile/profile.ts';
import { choosePoints } from '../../protocols/modbus/profile/wanted-points.ts';
import { isId } from '../../protocols/telemetry/ids.ts';

const { profile } = loadProfile('siemens/pac3200');

function source(more: object): ModbusTcpSourceConfig {
  return modbusTcpSource.parse({
    id: 'mill-1-supply',
    protocol: 'modbus-tcp',
    host: '10.0.0.1',
    machine: 'mill-1',
    profile: profile.id,
    ...more,
  });
}

const groupsOf = (more: object) => readGroupsOf(source(more), profile);

describe('the paces of a source', () => {
  test('one, which leaves the choice to the driver, where nothing is said', () => {
    expect(groupsOf({})).toMatchObject([{ id: 'mill-1-supply', everyMs: 1000, read: undefined }]);
  });

  test('the usual points less those of the slower groups', () => {
    const usual = choosePoints(profile, undefined, 'x').map(pointName);
    const groups = groupsOf({
      slower: [
        { every: '1min', read: ['voltage.l1', 'voltage.l2'] },
        { every: '15min', read: ['activeEnergyImport.total', 'reactiveEnergyImport'] },
      ],
    });
    expect(groups.map(({ id, everyMs }) => [id, everyMs])).toEqual([
      ['mill-1-supply', 1000],
      ['mill-1-supply-1min', 60_000],
      ['mill-1-supply-15min', 900_000],
    ]);
    expect(groups[0]?.read).toEqual(
      usual.filter((name) => !['voltage.l1', 'voltage.l2', 'activeEnergyImport'].includes(name)),
    );
  });

  test('only the slower groups where they take all that is usual', () => {
    const usual = choosePoints(profile, undefined, 'x').map(pointName);
    const groups = groupsOf({ slower: [{ every: '10s', read: usual }] });
    expect(groups.map(({ id }) => id)).toEqual(['mill-1-supply-10s']);
  });

  test('what is written under read stays as it is written', () => {
    const groups = groupsOf({ read: ['activePower'], slower: [{ every: '10s', read: ['frequency'] }] });
    expect(groups.map(({ read }) => read)).toEqual([['activePower'], ['frequency']]);
  });
});

test('the id of a group names its pace, is an id, and is another one for another pace', () => {
  expect(slowerId('a', 500)).toBe('a-500ms');
  expect(slowerId('a', 1500)).toBe('a-1500ms');
  expect(slowerId('a', 90_000)).toBe('a-90s');
  expect(slowerId('a', 3_600_000)).toBe('a-1h');
  const paceMs = fc.integer({ min: 100, max: 3_600_000 });
  fc.assert(
    fc.property(paceMs, paceMs, (one, other) => {
      expect(isId(slowerId('mill-1', one))).toBe(true);
      // The pace can be written back as it stands in the id.
      expect(duration.parse(slowerId('m', one).slice(2))).toBe(one);
      expect(slowerId('m', one) === slowerId('m', other)).toBe(one === other);
    }),
  );
});
