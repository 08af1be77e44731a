import { seedRandom } from '../../../../protocols/simulator/seeded-random.ts';
import { seal, type BusBehaviour, type BusTalk } from './rtu-hostile-bus.ts';

/** What a liar keeps to, so that what it does is within what an RTU master can stand at all. */
export interface LiarBounds {
  /** 0 .. 1: how much is answered well. */
  honesty: number;
  /**
   * A reply that newer ones overtake comes at most so long after its request was sent, a copy so long after the one
   * before, ms.
   */
  strayMs: number;
  /** A unit that answers in order is late by up to so much, ms: more than strayMs, for there is no bound on that. */
  lateMs: number;
  /** When the master sent these bytes last, of performance.now(). */
  sentMsOf: (request: Buffer) => number;
}

/**
 * Devices that do everything wrong that replies can have wrong: silent, late in order, out of order, copied, glued, cut
 * off, too long, garbage, flipped bits, of another unit, function or length, in pieces. Frames that are forged with a
 * right checksum carry units, functions and lengths that the test never asks for: a forgery that looks exactly like the
 * right answer is one.
 */
export function createRtuLiar(
  seed: string,
  bounds: LiarBounds,
): { behaviour: BusBehaviour; played: Map<string, number> } {
  const random = seedRandom('rtu liar', seed);
  const played = new Map<string, number>();
  const noise = (bytes: number) => Buffer.from(Array.from({ length: bytes }, () => random.whole(0, 255)));

  /** Sends unless its time has passed: a process that was held up must not break the bounds. */
  const sendBefore = (talk: BusTalk, bytes: Buffer, untilMs: number) => {
    if (performance.now() < untilMs) talk.send(bytes);
  };

  const copyLater = (talk: BusTalk, copies: number) => {
    const sentMs = performance.now();
    if (copies === 0) return;
    talk.later(
      () => {
        if (performance.now() >= sentMs + bounds.strayMs) return;
        talk.send(talk.answer);
        copyLater(talk, copies - 1);
      },
      random.between(0, bounds.strayMs),
    );
  };

  const faults: Record<string, (talk: BusTalk) => void> = {
    silent: () => {},
    'late in order': (talk) => {
      const lateMs = random.between(1, bounds.lateMs);
      talk.inOrder(() => talk.send(talk.answer), lateMs);
      // The next answer takes its time as well, so that this one stands alone on the line.
      talk.inOrder(() => {}, lateMs + 4);
    },
    'late in order, and copied': (talk) =>
      talk.inOrder(
        () => {
          talk.send(talk.answer);
          copyLater(talk, 2);
        },
        random.between(1, bounds.lateMs),
      ),
    'out of order': (talk) => {
      const untilMs = bounds.sentMsOf(talk.request.bytes) + bounds.strayMs;
      const heldMs = random.between(1, bounds.strayMs);
      // Newer ones may overtake it. It does not overtake older ones, which may be late by far more than is bearable.
      talk.inOrder(() => talk.later(() => sendBefore(talk, talk.answer, untilMs), heldMs), 0);
    },
    'copied at once': (talk) => talk.inOrder(() => talk.send(Buffer.concat([talk.answer, talk.answer])), 0),
    'copied a little later': (talk) =>
      talk.inOrder(() => {
        talk.send(talk.answer);
        copyLater(talk, random.whole(1, 3));
      }, 0),
    'cut off': (talk) =>
      talk.inOrder(() => talk.send(talk.answer.subarray(0, random.whole(0, talk.answer.length - 1))), 0),
    'cut off, the rest later': (talk) => {
      const cut = random.whole(1, talk.answer.length - 1);
      talk.inOrder(() => talk.send(talk.answer.subarray(0, cut)), 0);
      talk.inOrder(() => talk.send(talk.answer.subarray(cut)), random.between(1, bounds.lateMs));
    },
    'too long': (talk) =>
      talk.inOrder(() => talk.send(Buffer.concat([talk.answer, noise(random.whole(1, 300))])), 0),
    garbage: (talk) => talk.inOrder(() => talk.send(noise(random.whole(1, 300))), 0),
    'noise in front': (talk) =>
      talk.inOrder(() => talk.send(Buffer.concat([noise(random.whole(1, 6)), talk.answer])), 0),
    'flipped bits': (talk) => {
      const bent = Buffer.from(talk.answer);
      for (let left = random.whole(1, 3); left > 0; left--) {
        const at = random.whole(0, bent.length - 1);
        bent[at] = (bent[at] ?? 0) ^ (1 << random.whole(0, 7));
      }
      talk.inOrder(() => talk.send(bent), 0);
    },
    'another unit': (talk) => {
      const body = talk.answer.subarray(0, -2);
      talk.inOrder(() => talk.send(seal(Buffer.from([100 + talk.request.unit, ...body.subarray(1)]))), 0);
    },
    'another function': (talk) => {
      const body = talk.answer.subarray(0, -2);
      talk.inOrder(() => talk.send(seal(Buffer.from([talk.request.unit, 17, ...body.subarray(2)]))), 0);
    },
    'another length': (talk) => {
      const { unit, functionCode } = talk.request;
      const bytes = random.whole(40, 120) * 2;
      talk.inOrder(() => talk.send(seal(Buffer.from([unit, functionCode, bytes, ...noise(bytes)]))), 0);
    },
    'a wrong byte count': (talk) => {
      const bent = Buffer.from(talk.answer.subarray(0, -2));
      // Of an exception, this byte is the code, and nothing but right.
      if (((bent[1] ?? 0) & 0x80) === 0) bent[2] = ((bent[2] ?? 0) + 2 * random.whole(1, 100)) & 0xff;
      talk.inOrder(() => talk.send(seal(bent)), 0);
    },
    'byte by byte': (talk) =>
      talk.inOrder(() => {
        for (const byte of talk.answer) talk.send(Buffer.of(byte));
      }, 0),
    'in two pieces': (talk) => {
      const cut = random.whole(1, talk.answer.length - 1);
      talk.inOrder(() => talk.send(talk.answer.subarray(0, cut)), 0);
      talk.inOrder(() => talk.send(talk.answer.subarray(cut)), 0.5);
    },
  };
  // Those that a trusting master falls for come more often.
  const names = [...Object.keys(faults), ...Object.keys(faults).filter((name) => /order|later/.test(name))];
  return {
    played,
    behaviour: (talk) => {
      const name = random.chance(bounds.honesty)
        ? 'honest'
        : (names[random.whole(0, names.length - 1)] ?? '');
      played.set(name, (played.get(name) ?? 0) + 1);
      const fault = faults[name];
      if (fault === undefined) talk.inOrder(() => talk.send(talk.answer), 0);
      else fault(talk);
    },
  };
}
