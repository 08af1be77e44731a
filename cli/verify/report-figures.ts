import type { FootprintRecord } from '../../collector/footprint/record/footprint-record.ts';
import { OPERATING_STATES } from '../../protocols/telemetry/operating-state.ts';
import { sayState } from '../calibrate/state-words.ts';
import { html, type Html } from './html-text.ts';
import { dayTotalsOf, hoursText, kwhText, type HoursTotals } from './hours-totals.ts';
import type { Verification } from './verification.ts';

/** Longer times are told by month: a report is to be read. */
const DAYS_MAX = 62;

/** Sums of the hours, and the footprint records: only of what was computed anew and is the same. */
export function figureSections({ totals, verdict }: Verification): Html {
  const { contents } = verdict;
  if (totals === undefined || contents === undefined)
    return html`<section>
      <h2>The hours</h2>
      <p>No figure is told here: the hours were not computed anew, or are not what the package says.</p>
    </section>`;
  const supply = totals.supplyMwh;
  const components = Object.entries(totals.componentMwh).filter(([component]) => component !== 'supply');
  return html`<section>
      <h2>The hours</h2>
      <p>
        ${totals.hours} hours, ${totals.final} of them final when the package was made. Each was computed anew
        from the records and is the same to the last mWh. Energies are exact sums; nothing is rounded.
      </p>
      <table class="figures">
        <thead>
          <tr>
            <th>State</th>
            <th>Time, h</th>
            <th>Energy, kWh</th>
          </tr>
        </thead>
        <tbody>
          ${OPERATING_STATES.filter(
            (state) => totals.states[state].timeMs > 0 || totals.states[state].energyMwh > 0,
          ).map(
            (state) =>
              html`<tr>
                <td>${sayState(state)}</td>
                <td>${hoursText(totals.states[state].timeMs)}</td>
                <td>${kwhText(totals.states[state].energyMwh)}</td>
              </tr>`,
          )}
        </tbody>
        <tfoot>
          <tr>
            <td>all</td>
            <td>${hoursText(totals.spanMs)}</td>
            <td>${supply === null ? 'supply not metered' : kwhText(supply)}</td>
          </tr>
        </tfoot>
      </table>
      <table class="figures">
        <thead>
          <tr>
            <th>Of the supply</th>
            <th>Energy, kWh</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <td>from its counter</td>
            <td>${kwhText(totals.obtained.counterMwh)}</td>
          </tr>
          <tr>
            <td>integrated from power</td>
            <td>${kwhText(totals.obtained.integratedMwh)}</td>
          </tr>
          <tr>
            <td>counted over a gap, and spread over it by estimate</td>
            <td>${kwhText(totals.obtained.bridgedMwh)}</td>
          </tr>
          <tr>
            <td>fed back (apart)</td>
            <td>${kwhText(totals.exportMwh)}</td>
          </tr>
          ${components.map(
            ([component, mwh]) =>
              html`<tr>
                <td>component ${component}</td>
                <td>${kwhText(mwh)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
      <p>
        Watched for ${hoursText(totals.spanMs)} h, of which ${hoursText(totals.measuredMs)} h have readings.
      </p>
    </section>
    ${contents.footprints.length === 0 ? [] : footprintSection(contents.footprints)}
    ${periodSection(dayTotalsOf(contents.hours))}`;
}

function footprintSection(footprints: readonly FootprintRecord[]): Html {
  return html`<section>
    <h2>Footprint records</h2>
    <p>The figures of each follow from its own energies and factors, to the last digit.</p>
    <table class="figures">
      <thead>
        <tr>
          <th>Record</th>
          <th>Energy, kWh</th>
          <th class="text">Emissions</th>
        </tr>
      </thead>
      <tbody>
        ${footprints.map(
          ({ id, version, period, activity, emissions, evidence, completeness }) =>
            html`<tr>
              <td>
                ${id}, version ${version}, ${evidence.status}${completeness.isPartial ? ', partial' : ''}<br />${period.name}
                (${period.zone})
              </td>
              <td>${activity.energyKwh}</td>
              <td class="text">
                ${emissions.map(({ method, factorSet, kgCo2e }) => html`<div>${kgCo2e} kg CO2e, ${method}-based, factor set ${factorSet}</div>`)}
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}

function periodSection(days: readonly { day: string; totals: HoursTotals }[]): Html {
  const isLong = days.length > DAYS_MAX;
  const rows = isLong ? byMonth(days) : days;
  return html`<section>
    <h2>${isLong ? 'Month by month' : 'Day by day'} (UTC)</h2>
    <table class="figures">
      <thead>
        <tr>
          <th>${isLong ? 'Month' : 'Day'}</th>
          <th>Hours</th>
          <th>Watched, h</th>
          <th>Processing, h</th>
          <th>Energy, kWh</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ day, totals }) =>
            html`<tr>
              <td>${day}</td>
              <td>${totals.hours}</td>
              <td>${hoursText(totals.spanMs)}</td>
              <td>${hoursText(totals.states.processing.timeMs)}</td>
              <td>${totals.supplyMwh === null ? '-' : kwhText(totals.supplyMwh)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}

function byMonth(
  days: readonly { day: string; totals: HoursTotals }[],
): { day: string; totals: Pick<HoursTotals, 'hours' | 'spanMs' | 'supplyMwh' | 'states'> }[] {
  return [...Map.groupBy(days, ({ day }) => day.slice(0, 7))].map(([day, of]) => {
    const sum = (what: (totals: HoursTotals) => number) =>
      of.reduce((total, one) => total + what(one.totals), 0);
    const [first] = of;
    const states = {
      ...first!.totals.states,
      processing: {
        timeMs: sum(({ states: { processing } }) => processing.timeMs),
        energyMwh: sum(({ states: { processing } }) => processing.energyMwh),
      },
    };
    const isMetered = of.some(({ totals }) => totals.supplyMwh !== null);
    const supplyMwh = isMetered ? sum((totals) => totals.supplyMwh ?? 0) : null;
    return {
      day,
      totals: { hours: sum(({ hours }) => hours), spanMs: sum(({ spanMs }) => spanMs), supplyMwh, states },
    };
  });
}
