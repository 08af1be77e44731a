import type { AllocationRule } from '../../energy/allocation/allocation-rule.ts';
import type { FootprintRecord } from '../../footprint/record/footprint-record.ts';
import type { Made, MadeStep, MadeSubject } from './made-steps.ts';

const RULE_WORDS: Readonly<Record<AllocationRule, string>> = {
  time: 'by their time',
  energy: 'by the energy that they drew themselves',
  equal: 'equally',
  mass: 'by the mass of what they made',
  none: 'among none',
};

/** What a record of manufacturing says of itself: its unit, its boundary, and how energy was divided. */
export function sayMade(
  { kind, id }: Pick<MadeSubject, 'kind' | 'id'>,
  steps: readonly MadeStep[],
  counted: string,
  unit: Made['unit'],
): { unit: string; boundary: FootprintRecord['boundary']; allocation: FootprintRecord['allocation'] } {
  const machines = steps.map(({ machine }) => machine);
  const isOne = machines.length === 1;
  const what = unit === 'piece' ? `1 good part of ${kind} ${id}` : `1 kg of what ${kind} ${id} made`;
  return {
    unit: `${what}, leaving ${counted}${isOne ? '' : `, of ${machines.length} steps (${machines.join(', ')})`}`,
    boundary: {
      statement: `${isOne ? 'One step on' : `${machines.length} steps, on`} ${machines.join(', ')}: electricity that was given to the ${kind}, and declared parts.`,
      includes: [
        `electricity of the ${isOne ? 'machine' : 'machines'} while ${isOne ? 'it' : 'they'} worked on it, and its share of what no job drew itself`,
      ],
      excludes: [
        'steps on other machines',
        'compressed air and other media',
        'tools, coolant and other consumables',
        `the ${isOne ? 'machine itself' : 'machines themselves'}`,
      ],
    },
    allocation: sayAllocation(steps),
  };
}

function sayAllocation(steps: readonly MadeStep[]): FootprintRecord['allocation'] {
  const ways = steps.map(({ machine, report: { rule, window } }) => ({
    machine,
    rule,
    words: `among the jobs of each ${window} ${RULE_WORDS[rule]}`,
  }));
  const [first, ...others] = ways;
  const isSame = others.every(({ words }) => words === first?.words);
  const each = isSame
    ? (first?.words ?? '')
    : ways.map(({ machine, words }) => `on ${machine} ${words}`).join(', ');
  const rules = [...new Set(ways.map(({ rule }) => rule))];
  return {
    rule:
      rules.length === 1
        ? (rules[0] ?? 'none')
        : ways.map(({ machine, rule }) => `${rule} on ${machine}`).join(', '),
    statement: `Energy that no job drew itself was divided ${each}; scrap stays with good parts.`,
  };
}
