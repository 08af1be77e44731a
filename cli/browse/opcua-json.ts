import type { Survey } from '../../protocols/opcua/browse/survey.ts';
import { valueOf } from '../reading-format.ts';
import { QUANTITIES } from '../../protocols/telemetry/quantity.ts';
import { writeOpcuaFragment, type SurveyLogin } from './opcua-fragment.ts';

/** What a server offers, for scripts. */
export function surveyAsJson(survey: Survey, login: SurveyLogin): object {
  const { endpoint, isInsecure, machines, models, others, othersLeft, start, remarks, isCut } = survey;
  return {
    protocol: 'opcua',
    endpoint,
    insecure: isInsecure,
    isComplete: !isCut,
    machines,
    models: models.map(({ model, instance, found, values }) => ({
      model,
      instance: instance ?? null,
      device: found.device ?? null,
      measured: found.measured.map(({ nodeId, ...one }) => {
        const seen = values.get(nodeId);
        const reading =
          typeof seen?.value === 'number' || typeof seen?.value === 'bigint' ? seen.value : null;
        return {
          ...one,
          value: valueOf(one, reading),
          unit: QUANTITIES[one.quantity].unit,
          quality: seen?.quality ?? 'bad',
        };
      }),
      statuses: found.statuses.map(({ nodeId, words: _words, ...one }) => ({
        ...one,
        value: plainValue(values.get(nodeId)?.value ?? null),
      })),
      remarks: found.remarks,
    })),
    below: start.join('/'),
    others: others.map(({ path, node, value, unit }) => ({
      path: path.join('/'),
      node,
      value: plainValue(value.value),
      quality: value.quality,
      unit: unit ?? null,
    })),
    othersLeft,
    remarks,
    fragment: writeOpcuaFragment(survey, login)
      .map((line) => `${line}\n`)
      .join(''),
  };
}

/** JSON has no integers beyond 2^53: as text they keep their digits. */
function plainValue(value: number | bigint | string | boolean | null): number | string | boolean | null {
  return typeof value === 'bigint' ? value.toString() : value;
}
