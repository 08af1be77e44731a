/** One field of a CSV file and where it begins. */
export interface CsvField {
  text: string;
  /** 1-based. */
  line: number;
  /** 1-based, in characters. */
  column: number;
}

/** What keeps a text from being CSV, and where. */
export interface CsvFault {
  line: number;
  column: number;
  message: string;
  cure: string;
}

/**
 * The records of a CSV text (RFC 4180): commas, CRLF or LF, fields with commas, quotes or line ends in double quotes, quotes
 * in them doubled. A byte order mark, as spreadsheets write it, is passed over. Nothing is guessed: the first thing that the
 * format does not allow ends the reading, with its place. Fields are not trimmed.
 */
export function readCsv(text: string): { records: CsvField[][]; fault: CsvFault | undefined } {
  const reader = new CsvReader(text.startsWith('\uFEFF') ? text.slice(1) : text);
  const records: CsvField[][] = [];
  try {
    while (!reader.isAtEnd()) records.push(reader.readRecord());
  } catch (thrown) {
    if (thrown instanceof BadCsv) return { records, fault: thrown.fault };
    throw thrown;
  }
  return { records, fault: undefined };
}

class BadCsv extends Error {
  readonly fault: CsvFault;
  constructor(fault: CsvFault) {
    super(fault.message);
    this.fault = fault;
  }
}

class CsvReader {
  readonly #text: string;
  #at = 0;
  #line = 1;
  #lineStart = 0;

  constructor(text: string) {
    this.#text = text;
  }

  isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  readRecord(): CsvField[] {
    const fields = [this.#readField()];
    while (this.#text[this.#at] === ',') {
      this.#at++;
      fields.push(this.#readField());
    }
    if (this.#text.startsWith('\r\n', this.#at)) this.#at++;
    if (this.#text[this.#at] === '\n') this.#endLine();
    return fields;
  }

  #readField(): CsvField {
    const place = this.#place();
    return { text: this.#text[this.#at] === '"' ? this.#readQuoted(place) : this.#readBare(), ...place };
  }

  #readBare(): string {
    const start = this.#at;
    for (; !this.isAtEnd(); this.#at++) {
      const char = this.#text[this.#at];
      if (char === ',' || char === '\n' || this.#text.startsWith('\r\n', this.#at)) break;
      if (char === '"')
        throw this.#bad(
          this.#place(),
          'has a double quote inside a field that does not begin with one.',
          'Put the whole field in double quotes, and double those inside it.',
        );
      if (char === '\r')
        throw this.#bad(
          this.#place(),
          'has a carriage return that ends no line.',
          'End lines with LF or CRLF.',
        );
    }
    return this.#text.slice(start, this.#at);
  }

  #readQuoted(place: { line: number; column: number }): string {
    let text = '';
    this.#at++;
    for (;;) {
      if (this.isAtEnd())
        throw this.#bad(
          place,
          'begins a field with a double quote that is never closed.',
          'Close it, and double the quotes inside the field.',
        );
      const char = this.#text[this.#at] ?? '';
      if (char === '"') {
        this.#at++;
        if (this.#text[this.#at] !== '"') break;
      }
      text += char;
      if (char === '\n') this.#endLine();
      else this.#at++;
    }
    const next = this.#text[this.#at];
    if (next !== undefined && next !== ',' && next !== '\n' && !this.#text.startsWith('\r\n', this.#at))
      throw this.#bad(
        this.#place(),
        `goes on with ${JSON.stringify(next)} behind a closing double quote.`,
        'Double the quotes inside the field, or put a comma behind it.',
      );
    return text;
  }

  /** Over a line feed. */
  #endLine(): void {
    this.#at++;
    this.#line++;
    this.#lineStart = this.#at;
  }

  #place(): { line: number; column: number } {
    return { line: this.#line, column: this.#at - this.#lineStart + 1 };
  }

  #bad(place: { line: number; column: number }, message: string, cure: string): BadCsv {
    return new BadCsv({ ...place, message, cure });
  }
}
