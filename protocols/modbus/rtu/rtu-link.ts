/** What a link tells while it is open. */
export interface LinkEvents {
  onBytes(bytes: Buffer): void;
  /** It ended by itself; said once, and not after `close`. */
  onClosed(cause?: unknown): void;
}

/** A serial port of this computer, or a device server that hands its serial line on through TCP. */
export type RtuMedium = 'serial' | 'tcp';

/** A stream of bytes to a line: a serial port, or a TCP connection to one. */
export interface ByteLink {
  /** As people know it, for messages. */
  readonly where: string;
  /** What it goes through: decides where an engineer looks when nothing comes. */
  readonly medium: RtuMedium;
  readonly isOpen: boolean;
  /** Silence that ends a frame, ms. */
  readonly silenceMs: number;
  /** Whether a new connection leaves behind what the old one might still bring, so that one is made after each failure. */
  readonly isRenewable: boolean;
  /** Opens it; rejects with a MillwattError of class `retry` (`refused`, `timeout`, `closed` when `close` came first). */
  open(events: LinkEvents, timeoutMs: number): Promise<void>;
  /** Sends; a failure is told through `onClosed`. */
  write(bytes: Buffer): void;
  /** Resolves when what had come to this computer was given to `onBytes`: a busy process reads later than it measures. */
  catchUp(): Promise<void>;
  /** Ends it; nothing is told any more. It may be opened again. */
  close(): void;
}
