import type { ModbusTcpSourceConfig } from './agent-config.ts';
import type { ConfigPath, Remark } from './finding.ts';
import { chooseCure } from './issue-remarks.ts';
import { findNearest } from './nearest.ts';
import type { Surroundings } from './surroundings.ts';

/** A profile that is there and can read what is asked; transformers the right way round. */
export function checkModbusSource(
  source: ModbusTcpSourceConfig,
  at: ConfigPath,
  world: Surroundings,
): Remark[] {
  return [...checkProfile(source, at, world), ...checkTransformers(source, at)];
}

function checkProfile(source: ModbusTcpSourceConfig, at: ConfigPath, world: Surroundings): Remark[] {
  const unknown = checkProfileId(source.profile, [...at, 'profile'], world);
  if (unknown.length > 0) return unknown;
  const points = world.pointsOf(source.profile);
  if (points === undefined) return [];
  return (source.read ?? []).flatMap((written, index): Remark[] => {
    const point = written.replace(/\.total$/, '');
    if (points.includes(point)) return [];
    return [
      {
        severity: 'error',
        path: [...at, 'read', index],
        message: `the profile ${source.profile} does not have ${point}.`,
        cure: chooseCure(point, points),
      },
    ];
  });
}

function checkTransformers(source: ModbusTcpSourceConfig, at: ConfigPath): Remark[] {
  return (['ct', 'vt'] as const).flatMap((key): Remark[] => {
    const ratio = source[key];
    if (ratio === undefined || ratio.primary >= ratio.secondary) return [];
    return [
      {
        severity: 'error',
        path: [...at, key],
        message: `the primary (${ratio.primary}) is smaller than the secondary (${ratio.secondary}).`,
        cure: 'Swap the two: the primary is the side of the machine.',
      },
    ];
  });
}

/** A remark where there is no device profile of this id, with the nearest one that there is. */
export function checkProfileId(id: string, path: ConfigPath, world: Surroundings): Remark[] {
  const ids = world.profileIds();
  if (ids.includes(id)) return [];
  const near = findNearest(id, ids);
  const few = ids.length > 0 && ids.length <= 8 ? `: ${ids.join(', ')}` : '';
  return [
    {
      severity: 'error',
      path,
      message: `there is no device profile "${id}".`,
      cure:
        near === undefined
          ? `Choose one of those that \`millwatt profiles\` lists${few}.`
          : `Did you mean "${near}"? \`millwatt profiles\` lists all.`,
    },
  ];
}
