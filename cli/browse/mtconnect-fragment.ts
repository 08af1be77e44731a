import { writeYamlText } from './browse-text.ts';
import { labelOf } from '../../protocols/mtconnect/wire-device.ts';
import { unitsFor } from '../../protocols/mtconnect/item-scale.ts';
import type { AgentSurvey } from '../../protocols/mtconnect/survey-agent.ts';
import { isLevelId } from '../../protocols/telemetry/ids.ts';
import { wrapText } from '../text-table.ts';

const COMMENT_WIDTH = 74;

/**
 * An entry for `sources:` of an agent's file, indented by two; it passes `check` as it stands. What only the operator can
 * know stands behind a #. Texts that the agent told are quoted.
 */
export function writeMtconnectFragment(url: string, survey: AgentSurvey): string[] {
  const { chosen } = survey;
  if (chosen === undefined) return [];
  const { name, wiring } = chosen;
  const { manufacturer, model, serial } = wiring.device;
  const about = [manufacturer, model, serial === undefined ? undefined : `serial number ${serial}`].filter(
    (part) => part !== undefined,
  );
  const machine = machineName(name);
  return [
    ...comment(about.length === 0 ? `${name}, an MTConnect device` : `${name}: ${about.join(', ')}`),
    `  - id: ${machine}-control`,
    `    machine: ${machine}          # fill in: the machine it belongs to`,
    '    protocol: mtconnect',
    `    url: ${JSON.stringify(url)}`,
    ...(survey.devices.length > 1 ? [`    device: ${writeYamlText(name)}`] : []),
    ...wiring.remarks.flatMap((remark) =>
      // What has no unit is said below, beside the line to write.
      remark.includes('has no unit') ? [] : comment(remark, '    '),
    ),
    ...unitLines(wiring.unitless),
  ];
}

type Unitless = NonNullable<AgentSurvey['chosen']>['wiring']['unitless'];

function unitLines(unitless: Unitless): string[] {
  if (unitless.length === 0) return [];
  return [
    '    # The agent names no unit for these. Compare them with the display of the',
    '    # control, correct the unit, and remove the # before those to be read:',
    '    #items:',
    ...unitless.flatMap(({ item, quantity }) => {
      const units = unitsFor(quantity);
      return [
        ...comment(`${labelOf(item)}: ${quantity} in ${units.join(', ')}`, '    '),
        `    #  - { item: ${writeYamlText(item.id)}, unit: ${JSON.stringify(units[0] ?? '')} }`,
      ];
    }),
  ];
}

function machineName(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);
  return isLevelId(plain) ? plain : 'machine-1';
}

/** Whatever the agent told stays on its line: a comment must not become a key. */
function comment(text: string, indent = '  '): string[] {
  const plain = text.replace(/\p{C}+/gu, ' ');
  return wrapText(plain, COMMENT_WIDTH).map((line) => `${indent}# ${line}`);
}
