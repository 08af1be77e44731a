import { expect, it } from 'vitest';
import { RoomWatch } from '../../../collector/ingest/room-watch.ts';

/** A disk whose free bytes a test sets, looked at when the test says so. */
function rig(freeBytes: number) {
  const disk = { freeBytes, nowMs: 0, fails: false };
  const said: string[] = [];
  let look = () => {};
  const say = (_: object, message: string) => void said.push(message);
  const room = new RoomWatch({
    reserveBytes: 100e6,
    freeBytes: () => {
      if (disk.fails) throw new Error('EIO');
      return disk.freeBytes;
    },
    timers: {
      nowMs: () => disk.nowMs,
      every: (_, act) => {
        look = act;
        return () => (look = () => {});
      },
    },
    log: { debug: say, info: say, warn: say, error: say },
  });
  const pass = (ms: number) => {
    disk.nowMs += ms;
    look();
  };
  return { disk, room, said, pass };
}

it('is full below the reserve, says so once with the cure, and goes on by itself', () => {
  const { disk, room, said, pass } = rig(500e6);
  expect(room.isFull()).toBe(false);
  disk.freeBytes = 99e6;
  pass(500);
  pass(500);
  expect(room.state()).toEqual({ full: true, freeBytes: 99e6, reserveBytes: 100e6 });
  expect(said).toEqual([expect.stringMatching(/full: no record is taken.*100 MB.*ledger\.reserve/)]);
  disk.freeBytes = 101e6;
  pass(500);
  expect(room.isFull()).toBe(false);
  expect(said).toHaveLength(2);
  room.stop();
  disk.freeBytes = 0;
  pass(500);
  expect(room.isFull()).toBe(false);
});

it('believes a write that found no room though the disk has some, and tries again after a while', () => {
  const { room, pass } = rig(500e6);
  room.noteFull();
  expect(room.isFull()).toBe(true);
  pass(4900);
  expect(room.isFull()).toBe(true);
  pass(200);
  expect(room.isFull()).toBe(false);
});

it('takes records where nobody can say how much room there is', () => {
  const { disk, room, pass } = rig(500e6);
  disk.fails = true;
  pass(500);
  expect(room.state()).toMatchObject({ full: false, freeBytes: null });
});
