import { expect, it } from 'vitest';
import { cureMissing } from '../../../collector/reports/uncertain-cures.ts';

it('names the source and the points of agent.yaml for what has to be read', () => {
  const facts = [
    { fact: 'mean current of the state', remedy: 'Let it be read.' },
    { fact: 'power factor of the state', remedy: 'Let it be read.' },
    { fact: 'temperature where the meter stands', remedy: 'Look there.' },
  ];
  expect(cureMissing(facts, 'mill', 'spindle', ['mill-spindle'])).toEqual([
    {
      fact: 'mean current of the state',
      remedy:
        'Let it be read. In agent.yaml that is `read: [..., current.l1, current.l2, current.l3]` of the source mill-spindle.',
      key: null,
    },
    {
      fact: 'power factor of the state',
      remedy:
        'Let it be read. In agent.yaml that is `read: [..., powerFactor or apparentPower]` of the source mill-spindle.',
      key: null,
    },
    {
      fact: 'temperature where the meter stands',
      remedy: 'Look there.',
      key: 'machines.mill.metering.spindle.ambient',
    },
  ]);
});
