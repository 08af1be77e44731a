/** Where a job's begin and end come from: told from outside (MES, a file), or seen in the control's program. */
export type JobSource = 'outside' | 'program';

/** A stretch [fromMs, toMs) in which a machine worked on a job. */
export interface JobSegment {
  /** Wall ms. */
  fromMs: number;
  toMs: number;
  /** Path of the control; empty for the machine as a whole. */
  channel: string;
  /** What ended it: it was told; the next job began; nothing yet, and it goes on to the end of what is known. */
  end: 'told' | 'next' | 'open';
}

/** A job of one machine: all its segments, and what it made. Figures are null where nobody told them. */
export interface Job {
  /** The job number told from outside; `program NAME` for what only the control told. Unique in a machine. */
  id: string;
  source: JobSource;
  order: string | null;
  part: string | null;
  program: string | null;
  /** In order of time. */
  segments: JobSegment[];
  goodParts: number | null;
  scrapParts: number | null;
  /** Whether the parts were told, or counted by the control; null without parts. */
  partsFrom: 'told' | 'counter' | null;
  /** Of all good parts together, or removed by machining: what the plant declares, kg and cm3. */
  massKg: number | null;
  volumeCm3: number | null;
}

/** A job of which nothing is known yet. */
export function emptyJob(id: string, source: JobSource): Job {
  return {
    id,
    source,
    order: null,
    part: null,
    program: null,
    segments: [],
    goodParts: null,
    scrapParts: null,
    partsFrom: null,
    massKg: null,
    volumeCm3: null,
  };
}

/** What an allocation must know of a job. */
export interface AllocatedJob {
  id: string;
  segments: readonly { fromMs: number; toMs: number }[];
  massKg: number | null;
}
