import type { RegisterFunction } from './profile/profile.ts';

/** Requests that may be under way at once on one connection, at most, where a device allows several. */
export const PIPELINING_MAX = 16;

/**
 * What every transport offers: reading, and nothing else. Failures reject with a MillwattError of class `retry` (codes
 * `timeout`, `refused`, `closed`, `bad-frame`, `exception`); an answer that might belong to another request is never
 * handed on. `timeoutMs` covers connecting, sending and the whole answer.
 */
export interface ModbusClient {
  /** 1 .. 125 holding (3) or input (4) registers. */
  readRegisters(
    unit: number,
    functionCode: RegisterFunction,
    address: number,
    count: number,
    timeoutMs: number,
  ): Promise<Uint16Array>;
  /** 1 .. 2000 coils (1) or discrete inputs (2). */
  readBits(
    unit: number,
    functionCode: 1 | 2,
    address: number,
    count: number,
    timeoutMs: number,
  ): Promise<boolean[]>;
  /** Vendor (0), product code (1) and revision (2), as far as the device tells (function 43, type 14). */
  readIdentification(unit: number, timeoutMs: number): Promise<Map<number, string>>;
  /** Ends the connection; requests under way are rejected with `closed`. The client may be used again. */
  close(): void;
}
