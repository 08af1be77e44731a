import type { Uncertainty } from '../../collector/energy/uncertainty/uncertainty-statement.ts';

/** `0.22 kWh, 2.8 %`; with a `?` where a class was used outside its range. */
export function sayUncertainty(uncertainty: Uncertainty | null | undefined): string {
  if (uncertainty === null || uncertainty === undefined) return '-';
  if (uncertainty.kind === 'unknown') return 'not known';
  const { expandedMwh, expandedPercent, isQualified } = uncertainty;
  const energy =
    expandedMwh < 1e6 ? `${roundTwo(expandedMwh / 1000)} Wh` : `${roundTwo(expandedMwh / 1e6)} kWh`;
  return `${energy}, ${roundTwo(expandedPercent)} %${isQualified ? '' : ' ?'}`;
}

/** Two significant digits, as uncertainties are told. */
function roundTwo(value: number): string {
  return String(Number(value.toPrecision(2)));
}
