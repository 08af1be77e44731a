import type { BoundaryProposal, Proposal, Reason } from '../../collector/energy/calibration/proposal.ts';
import { renderBands, writeSpan } from '../../config/calibration-text.ts';
import { sayPower } from '../../collector/energy/calibration/power-words.ts';
import { OPERATING_STATES } from '../../protocols/telemetry/operating-state.ts';
import { formatShare, formatSpan, formatTime } from '../format.ts';
import { style } from '../screen.ts';
import { renderTable } from '../text-table.ts';
import { wrapLines } from '../text-wrap.ts';
import { drawHistogram } from './histogram-text.ts';
import { sayConfidence, sayState } from './state-words.ts';

const PLOT_WIDTH_MAX = 100;
const PLOT_WIDTH_WITHOUT_TERMINAL = 80;
const DOTS = 5;

/** What a proposal is about, for its heading. */
export interface Subject {
  /** The machine, or the recording. */
  name: string;
  /** `supply power`, or the column. */
  what: string;
}

/** A proposal for people: plot, levels, boundaries, what would be done, and the lines to adopt. */
export function drawProposal(proposal: Proposal, subject: Subject, width: number): string[] {
  const { data } = proposal;
  const room = Number.isFinite(width) ? Math.min(width, PLOT_WIDTH_MAX) : PLOT_WIDTH_WITHOUT_TERMINAL;
  const wrap = (text: string, hang = 2) => wrapLines(text, room, hang);
  return [
    style(`${subject.name} · ${subject.what}`, 'bold'),
    ...wrap(
      `${formatSpan(data.measuredMs)} of readings (${data.samples.toLocaleString('en')}), ${formatTime(data.fromMs)} to ${formatTime(data.toMs)}`,
    ),
    '',
    ...drawHistogram(proposal, room),
    '',
    ...levelTable(proposal, room),
    ...proposal.levels
      .filter(({ doubt }) => doubt !== '')
      .reduce<{ doubt: string; states: string[] }[]>((groups, { doubt, state }) => {
        const known = groups.find((group) => group.doubt === doubt);
        if (known === undefined) groups.push({ doubt, states: [sayState(state)] });
        else if (!known.states.includes(sayState(state))) known.states.push(sayState(state));
        return groups;
      }, [])
      .flatMap(({ doubt, states }) => wrap(`? ${states.join(', ')}: ${lowerFirst(doubt)}`))
      .map((line) => style(line, 'yellow')),
    '',
    ...boundaryLines(proposal, wrap),
    ...confidenceLines(proposal, wrap),
    ...proposal.remarks.flatMap((remark) => wrap(`· ${remark}`)),
    '',
    ...outcomeLines(proposal, wrap),
    '',
    'As it would stand in the calibration file:',
    ...renderBands(
      proposal.bands.map(({ state, belowW }) => ({ state, ...(belowW === null ? {} : { below: belowW }) })),
    )
      .map((line, index) => `  ${index === 0 ? 'bands:\n    ' : '  '}${line}`)
      .flatMap((text) => text.split('\n')),
    `  hysteresis: ${proposal.hysteresis}`,
    `  dwell: ${writeSpan(proposal.dwellMs)}`,
  ];
}

function levelTable({ levels }: Proposal, width: number): string[] {
  return renderTable(
    [
      { title: 'level' },
      { title: 'power', align: 'right' },
      { title: '90 % of it within', align: 'right', spare: 4 },
      { title: 'share', align: 'right' },
      { title: 'time', align: 'right', spare: 3 },
      { title: 'stays', align: 'right', spare: 1 },
      { title: 'of about', align: 'right', spare: 2 },
    ],
    levels.map(({ state, powerW, lowW, highW, share, timeMs, stays, stayMs }) => [
      sayState(state),
      sayPower(powerW),
      `${sayPower(lowW)} - ${sayPower(highW)}`,
      formatShare(share),
      formatSpan(timeMs),
      String(stays),
      formatSpan(stayMs),
    ]),
    width,
  );
}

type Wrap = (text: string, hang?: number) => string[];

function boundaryLines({ boundaries }: Proposal, wrap: Wrap): string[] {
  return boundaries
    .filter(({ counts }) => counts)
    .flatMap((boundary) => [
      `boundary at ${style(sayPower(boundary.powerW), 'bold')}  ${dotsOf(boundary.confidence)}`,
      ...weakestOf(boundary).flatMap(({ sentence }) => wrap(`  ${sentence}`, 0)),
    ]);
}

/** What keeps a boundary from being beyond doubt, worst first; what holds it up where nothing does. */
function weakestOf({ reasons }: BoundaryProposal): Reason[] {
  const weak = reasons
    .filter(({ confidence }) => confidence < 0.8)
    .toSorted((a, b) => a.confidence - b.confidence);
  return weak.length > 0 ? weak : reasons.slice(0, 1);
}

function confidenceLines({ confidence, reasons }: Proposal, wrap: Wrap): string[] {
  return [
    `${style('overall', 'bold')}  ${dotsOf(confidence)}`,
    ...reasons.flatMap(({ sentence }) => wrap(`  ${sentence}`, 0)),
  ];
}

/** `●●●●○ 0.74, fair` */
function dotsOf(confidence: number): string {
  const filled = Math.round(confidence * DOTS);
  const word = sayConfidence(confidence);
  const colour = ({ high: 'green', fair: 'yellow', low: 'red' } as const)[word];
  return `${style('●'.repeat(filled) + '○'.repeat(DOTS - filled), colour)} ${confidence.toFixed(2)}, ${word}`;
}

function outcomeLines({ outcome, data, hysteresis, dwellMs }: Proposal, wrap: Wrap): string[] {
  const shares = OPERATING_STATES.flatMap((state) => {
    const timeMs = outcome.timeMs[state] ?? 0;
    return timeMs === 0 ? [] : [`${sayState(state)} ${formatShare(timeMs / data.measuredMs)}`];
  });
  return wrap(
    `These readings would be: ${shares.join(', ')}; ${outcome.changes.toLocaleString('en')} ${outcome.changes === 1 ? 'change' : 'changes'} of state, with a hysteresis of ${Math.round(hysteresis * 100)} % and ${dwellMs === 0 ? 'no dwell' : `a dwell of ${writeSpan(dwellMs)}`}.`,
  );
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
