import type { ModbusClient } from '../../../protocols/modbus/client.ts';
import { ModbusExceptionError, timeoutError } from '../../../protocols/modbus/modbus-error.ts';
import type { DeviceProfile, ProfilePoint } from '../../../protocols/modbus/profile/profile.ts';

/** A device in memory: registers by address, the same for both function codes; what it lacks is refused or missed. */
export class RegisterDevice implements ModbusClient {
  readonly registers = new Map<number, number>();
  readonly asked: { functionCode: number; address: number; count: number; timeoutMs: number }[] = [];
  isOn = true;
  /** Registers at which it says nothing at all, instead of refusing them. */
  readonly mute = new Set<number>();
  /** What it, or the gateway in front of it, answers where it would say nothing. */
  exceptionForSilence: number | undefined;
  /** Happens once, right behind the next answer. */
  onceRead: (() => void) | undefined;

  set(address: number, ...words: number[]): void {
    for (const [i, word] of words.entries()) this.registers.set(address + i, word);
  }

  setFloat(address: number, value: number): void {
    const bits = new DataView(new ArrayBuffer(4));
    bits.setFloat32(0, value);
    this.set(address, bits.getUint16(0), bits.getUint16(2));
  }

  async readRegisters(
    unit: number,
    functionCode: 3 | 4,
    address: number,
    count: number,
    timeoutMs: number,
  ): Promise<Uint16Array> {
    this.asked.push({ functionCode, address, count, timeoutMs });
    const isMute = Array.from({ length: count }, (_, i) => address + i).some((one) => this.mute.has(one));
    if (!this.isOn || isMute)
      throw this.exceptionForSilence === undefined
        ? timeoutError(`unit ${unit}`, timeoutMs)
        : new ModbusExceptionError(`unit ${unit}`, this.exceptionForSilence);
    const answer = Uint16Array.from({ length: count }, (_, i) => {
      const word = this.registers.get(address + i);
      if (word === undefined) throw new ModbusExceptionError(`unit ${unit}`, 2);
      return word;
    });
    this.onceRead?.();
    this.onceRead = undefined;
    return answer;
  }

  readBits(): Promise<boolean[]> {
    throw new RangeError('this device has no bits');
  }

  readIdentification(): Promise<Map<number, string>> {
    throw new RangeError('this device has no identification');
  }

  close(): void {
    // Nothing is open.
  }
}

const POINT: ProfilePoint = {
  quantity: 'activePower',
  phase: 'total',
  address: 0,
  type: 'u16',
  unit: 'W',
  scale: '1',
};

/** A point that reads one word as W, changed as a test needs it. */
export function pointWith(changes: Partial<ProfilePoint>): ProfilePoint {
  return { ...POINT, ...changes };
}

/** A profile with next to no rules, changed as a test needs it. */
export function profileWith(changes: Partial<DeviceProfile>): DeviceProfile {
  return {
    id: 'acme/meter',
    version: '1.0.0',
    title: 'A meter',
    vendor: 'Acme',
    models: ['A1'],
    aliases: [],
    kind: 'meter',
    confidence: 'high',
    sources: ['none'],
    transports: ['tcp', 'rtu'],
    wordOrder: 'big',
    byteOrder: 'big',
    functionCode: 3,
    limits: {
      maxRegisters: 125,
      even: false,
      wholeValues: false,
      maxGap: 0,
      forbidden: [],
      readable: [],
      whole: [],
    },
    timing: { minTimeoutMs: 0, guardMs: 0, pipelining: 1 },
    conventions: {},
    notAvailable: {},
    identity: [],
    details: [],
    deviceIdentification: false,
    notes: [],
    points: [POINT],
    statuses: [],
    variants: [],
    ...changes,
  };
}
