import type { DataValue } from 'node-opcua';
import { QUANTITIES } from '../../telemetry/quantity.ts';
import { UNITS } from '../../telemetry/unit.ts';
import { readLimits, type BrowseSession } from '../browse/browse-session.ts';
import { readAttributes, textOf } from '../browse/read-values.ts';
import type { OpcuaSourceOptions } from '../opcua-options.ts';
import { SINUMERIK_URI } from './companion-uris.ts';
import type { Found } from './found.ts';
import { SINUMERIK_DEVICE, SINUMERIK_VALUES, SINUMERIK_WORDS } from './sinumerik-variables.ts';

/** A control answers so for a variable that it does not have. */
const ABSENT = /^Bad(?:AttributeIdInvalid|NodeIdUnknown|NodeIdInvalid|NotSupported|NotFound)/;

/**
 * Finds what a SINUMERIK tells under the fixed names of its variables (namespace SinumerikVarProvider). Each name is read
 * once to see whether this control has it.
 */
export async function findSinumerik(
  session: BrowseSession,
  namespaceUris: readonly string[],
  options: Pick<OpcuaSourceOptions, 'component'>,
  signal?: AbortSignal,
): Promise<Found> {
  const namespace = namespaceUris.indexOf(SINUMERIK_URI);
  if (namespace < 0)
    return {
      measured: [],
      statuses: [],
      remarks: [
        `The server has no namespace ${SINUMERIK_URI}, so it is no SINUMERIK: choose another model, or list nodes.`,
      ],
    };
  const nodeIdOf = (path: string) => `ns=${namespace};s=${path}`;
  const paths = [...SINUMERIK_WORDS, ...SINUMERIK_VALUES]
    .flatMap((one) => one.paths)
    .concat(SINUMERIK_DEVICE.version, SINUMERIK_DEVICE.serial);
  const limits = await readLimits(session);
  const read = await readAttributes(session, paths.map(nodeIdOf), 'value', limits, signal);
  const answers = new Map(paths.map((path, index) => [path, read[index]]));

  const statuses = SINUMERIK_WORDS.flatMap(({ paths: ways, ...word }): Found['statuses'] => {
    const path = ways.find((way) => isThere(answers.get(way)));
    return path === undefined
      ? []
      : [{ ...word, nodeId: nodeIdOf(path), point: path, component: options.component }];
  });
  const measured = SINUMERIK_VALUES.flatMap(({ paths: ways, ...one }): Found['measured'] => {
    const path = ways.find((way) =>
      one.isTrial === true ? isNumber(answers.get(way)) : isThere(answers.get(way)),
    );
    const factor = UNITS[one.unit]?.factor;
    if (
      path === undefined ||
      factor === undefined ||
      UNITS[one.unit]?.canonical !== QUANTITIES[one.quantity].unit
    )
      return [];
    return [
      {
        nodeId: nodeIdOf(path),
        point: path,
        component: one.component,
        quantity: one.quantity,
        phase: 'total',
        scale: [factor.num.toString(), factor.den.toString()],
      },
    ];
  });
  const told = (ways: readonly string[]) =>
    ways.map((way) => textOf(answers.get(way)?.value?.value)).find((text) => text !== undefined);
  const version = told(SINUMERIK_DEVICE.version);
  const serial = told(SINUMERIK_DEVICE.serial);
  return {
    device: {
      manufacturer: 'Siemens',
      model: version === undefined ? 'SINUMERIK' : `SINUMERIK, NCK ${version}`,
      ...(serial === undefined ? {} : { serial }),
    },
    measured,
    statuses,
    remarks: remarkOn(statuses, measured),
  };
}

function remarkOn(statuses: Found['statuses'], measured: Found['measured']): string[] {
  const remarks: string[] = [];
  if (!statuses.some(({ status }) => status === 'execution'))
    remarks.push(
      'The control does not tell /Channel/State/progStatus: check that the user of the control may read it (rights SinuReadAll).',
    );
  const drives = measured.filter(({ quantity }) => quantity === 'activePower');
  if (drives.length > 0)
    remarks.push(
      `Power of ${drives.map(({ component }) => component).join(', ')} is parameter r0032 in kW of the drive object of that number, known from the pattern only: compare it with the control, and name the components under found.`,
    );
  remarks.push(
    drives.length > 0
      ? 'r0032 is the power of the motor: infeed, cabinet and auxiliaries are not in it.'
      : 'The control tells no power: a meter in the cabinet often lies in a data block, list it under nodes such as nsu=SinumerikVarProvider;s=/Plc/DB2.DBD0:REAL.',
  );
  return remarks;
}

function isThere(answer: DataValue | undefined): boolean {
  return answer !== undefined && !ABSENT.test(answer.statusCode.name);
}

function isNumber(answer: DataValue | undefined): boolean {
  const value: unknown = answer?.value?.value;
  return answer?.statusCode.isGood() === true && typeof value === 'number' && Number.isFinite(value);
}
