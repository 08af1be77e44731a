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
  const ids = world.profileIds();
  if (!ids.includes(source.profile)) {
    const near = findNearest(source.profile, ids);
    return [
      {
        severity: 'error',
        path: [...at, 'profile'],
        message: `there is no device profile "${source.profile}".`,
        cure:
          near === undefined
            ? `Choose one of those that \`millwatt profiles\` lists${ids.length > 0 && ids.length <= 8 ? `: ${ids.join(', ')}` : ''}.`
            : `Did you mean "${near}"? \`millwatt profiles\` lists all.`,
      },
    ];
  }
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
