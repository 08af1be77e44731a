import { plainCalendar } from '../collector/energy/calendar/calendar-model.ts';
import { canonicalJson } from '../collector/journal/canonical-json.ts';
import type { MachinePlan, SitePlan } from '../collector/reports/site-plan.ts';
import { readCalendarConfig } from '../config/calendar-config.ts';
import type { CollectorConfig, MachineConfig } from '../config/collector-config.ts';
import { sha256 } from '../protocols/evidence/keys.ts';
import { watts } from '../protocols/telemetry/unit.ts';

/** The domain of a class that is a percentage of full scale, as OPC UA servers name it. */
export const FULL_SCALE = 'PERCENT_FULL_SCALE';

type MeteringConfig = MachineConfig['metering'][string];

/**
 * What a collector's configuration says for reports. A site without a calendar has days from midnight to midnight, UTC.
 *
 * @param zoneData version of the zone data that calendars are read with (`process.versions.tz`): it is part of the hash
 */
export function sitePlanOf(config: CollectorConfig, zoneData: string): SitePlan {
  const plan = {
    site: config.site,
    calendar: config.calendar === undefined ? plainCalendar('UTC') : readCalendarConfig(config.calendar),
    machines: config.machines.map(planMachine),
    mainMeters: config.mainMeters.map(({ id, covers, unmetered }) => ({
      id,
      covers,
      unmetered: unmetered.map(({ name, power }) => ({ name, powerW: power })),
    })),
    sharedLoads: config.sharedLoads.map(({ id, by, serves, shares }) => ({ id, rule: by, serves, shares })),
  };
  return { ...plan, hash: sha256(canonicalJson({ ...plan, zoneData })) };
}

function planMachine(machine: MachineConfig): MachinePlan {
  const { dutyCycle } = machine;
  return {
    machine: machine.id,
    ratedPowerW: machine.ratedPower,
    tree: machine.tree,
    metering: Object.fromEntries(
      Object.entries(machine.metering).map(([component, told]) => [component, planMetering(told)]),
    ),
    media: Object.fromEntries(
      Object.entries(machine.media).map(([component, { energy, source }]) => [
        component,
        { kwhPerNm3: Number(energy), source },
      ]),
    ),
    jobs: machine.jobs ?? { rule: 'time', window: 'day' },
    duty:
      dutyCycle === undefined
        ? null
        : {
            cycle: { kind: 'hours', hoursPerYear: known(dutyCycle.hoursPerYear) },
            powers: Object.fromEntries(
              Object.entries(dutyCycle.powers).map(([state, { power, source }]) => [
                state,
                { powerW: watts(power), reference: source },
              ]),
            ),
          },
  };
}

function planMetering(told: MeteringConfig): MachinePlan['metering'][string] {
  const { ct, ambient } = told;
  const meter = known({
    class: told.class,
    ratedA: told.ratedCurrent,
    maxA: told.maxCurrent,
    // A class beside a full scale is a percentage of it.
    domain: told.fullScale === undefined ? undefined : FULL_SCALE,
    fullScaleW: told.fullScale === undefined ? undefined : watts(told.fullScale),
  });
  return {
    ...known({
      isDirect: told.direct,
      vtClass: told.vtClass,
      ct:
        ct === undefined
          ? undefined
          : known({
              class: ct.class,
              primaryA: ct.primary,
              secondaryA: ct.secondary,
              extendedPercent: ct.extended,
              phaseArcmin: ct.phaseError,
            }),
      environment:
        ambient === undefined
          ? undefined
          : {
              ambientDegC: { min: ambient[0], max: ambient[1] },
              ...known({ perKelvin: told.perKelvin }),
            },
    }),
    ...(Object.keys(meter).length === 0 ? {} : { meter }),
    driftPerYear: told.drift ?? null,
    calibration: {
      calibratedMs: told.calibrated ?? null,
      everyYears: told.calibrateEvery ?? null,
      certificate: told.certificate ?? null,
    },
  };
}

/** Without the keys that nobody gave. */
function known<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
