import type { LongKind } from './kinds.ts';
import { mergeFigures, type Figures } from './long-record.ts';
import type { PieceEnd } from './long-piece.ts';

type Piece = Parameters<LongKind['env']>[0];

/** Runs a piece as so many parts at once as its kind allows, each in a process of its own; it passes when all of them do. */
export async function runSideBySide(
  kind: LongKind,
  piece: Piece,
  run: (kind: LongKind, part: Piece) => Promise<PieceEnd>,
): Promise<PieceEnd> {
  const ends = await Promise.all(partsOf(piece, kind.sideBySide ?? 1).map((part) => run(kind, part)));
  const sum = { kind: 'passed' as const, done: 0, seconds: 0, figures: {} as Figures };
  for (const end of ends) {
    if (end.kind === 'interrupted') return end;
    if (end.kind === 'passed') {
      sum.done += end.done;
      sum.seconds = Math.max(sum.seconds, end.seconds);
      sum.figures = mergeFigures(sum.figures, end.figures);
    }
  }
  return ends.find(({ kind }) => kind === 'failed') ?? sum;
}

function partsOf({ from, to }: Piece, count: number): Piece[] {
  const parts = Math.max(1, Math.min(count, to - from));
  const cut = (index: number) => from + Math.floor(((to - from) * index) / parts);
  return Array.from({ length: parts }, (_, index) => ({ from: cut(index), to: cut(index + 1) }));
}
