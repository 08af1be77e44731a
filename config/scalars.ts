import { z } from 'zod';
import { isId, isLevelId } from '../protocols/telemetry/ids.ts';
import { rationalOf, toNumber, UNITS } from '../protocols/telemetry/unit.ts';

const DURATION_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

// What a value must be, as the end of "must be ..."; findings and editors show it.
const DURATION_WORDS = 'a duration with its unit (ms, s, min, h or d), such as 500ms, 1s, 5min';
const POWER_WORDS = 'a power with its unit (mW, W, kW or MW), such as 250W or 15kW';
const CURRENT_WORDS = 'a current in A, or with its unit (mA, A or kA), such as 5A';
const SIZE_WORDS = 'a size with its unit (kB, MB or GB), such as 512MB or 2GB';
const SECRET_WORDS = 'a reference to a secret, never the secret itself, such as ${env:NAME} or ${file:PATH}';
const DECIMAL_WORDS = 'a positive decimal, such as 0.1';
const HOST_WORDS = 'a host name or address without port and protocol, such as 192.168.1.20';

/** A span of time written with its unit, `500ms`, `1s`, `5min`; the value is whole ms. */
export const duration = z
  .string(DURATION_WORDS)
  .regex(/^\d{1,9}(\.\d{1,6})?\s*(ms|s|min|h|d)$/, DURATION_WORDS)
  .transform((text) => {
    const [, amount = '0', unitName = 'ms'] = /^([\d.]+)\s*([a-z]+)$/.exec(text) ?? [];
    return Math.round(Number(amount) * (DURATION_MS[unitName] ?? 1));
  });

/** A power written with its unit, `15kW`, `250 W`; the value is W. */
export const power = z
  .string(POWER_WORDS)
  .regex(/^\d{1,9}(\.\d{1,6})?\s*(mW|W|kW|MW)$/, POWER_WORDS)
  .transform((text) => {
    const [, amount = '0', unitName = 'W'] = /^([\d.]+)\s*([A-Za-z]+)$/.exec(text) ?? [];
    const known = UNITS[unitName];
    return Number(amount) * (known === undefined ? 1 : toNumber(known.factor));
  });

/** A current as a nameplate says it: `5`, `5A`, `1.2kA`; the value is A, above 0. */
export const current = z
  .union(
    [
      z.number().positive(CURRENT_WORDS).max(999_999, CURRENT_WORDS),
      z.string().regex(/^\d{1,6}(\.\d{1,6})?\s*(mA|A|kA)?$/, CURRENT_WORDS),
    ],
    CURRENT_WORDS,
  )
  .transform((told) => {
    const [, amount = '0', unitName = 'A'] = /^([\d.]+)\s*([A-Za-z]*)$/.exec(String(told)) ?? [];
    return Number(amount) * ({ mA: 1e-3, kA: 1e3 }[unitName] ?? 1);
  })
  .refine((currentA) => currentA > 0, CURRENT_WORDS);

/** A size written with its unit, `512MB`, `2GB`; the value is bytes (powers of 1000). */
export const byteSize = z
  .string(SIZE_WORDS)
  .regex(/^\d{1,9}(\.\d{1,6})?\s*(kB|MB|GB)$/, SIZE_WORDS)
  .transform((text) => {
    const [, amount = '0', unitName = 'kB'] = /^([\d.]+)\s*([A-Za-z]+)$/.exec(text) ?? [];
    return Math.round(Number(amount) * ({ kB: 1e3, MB: 1e6, GB: 1e9 }[unitName] ?? 1));
  });

/** A positive decimal, kept as it was written so that 0.1 stays a tenth. */
export const decimal = z
  .union([z.number(), z.string()], DECIMAL_WORDS)
  .transform(String)
  .refine(isPositiveDecimal, DECIMAL_WORDS);

/** The id of a site, agent, collector or source. */
export const id = z
  .string()
  .refine(
    isId,
    '1 to 64 letters, digits, "_", "." or "-", beginning with a letter or digit, such as plant-1',
  );
/** The id of a machine or component; no dot, because it separates the levels of a channel id. */
export const levelId = z
  .string()
  .refine(
    isLevelId,
    '1 to 64 letters, digits, "_" or "-", beginning with a letter or digit (no dot), such as mill-1',
  );

/**
 * A secret is never written into a config file: `${env:NAME}` or `${file:PATH}` says where it is.
 * The value here is still the reference; `config/secrets.ts` resolves it at the last moment.
 */
export const secretReference = z
  .string(SECRET_WORDS)
  .regex(/^\$\{(env:[A-Za-z_][A-Za-z0-9_]*|file:[^}]+)\}$/, SECRET_WORDS);

/** Host name or IP address. */
export const host = z
  .string(HOST_WORDS)
  .max(253)
  .regex(/^([A-Za-z0-9_][A-Za-z0-9_.-]*|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9]+)?)$/, HOST_WORDS);
/** TCP port, 1..65535. */
export const port = z.int().min(1).max(65_535);

function isPositiveDecimal(text: string): boolean {
  try {
    rationalOf(text);
    return true;
  } catch {
    return false;
  }
}

/** The version of MQTT that is spoken with a broker. */
export const mqttVersion = z
  .union([z.literal('3.1.1'), z.literal(5)], 'the version of MQTT: 3.1.1 or 5')
  .default('3.1.1')
  .describe('Version of MQTT: 3.1.1, which every broker speaks, or 5.');

/** A URL of a form that is told by an example; what looks like one and is none (a stray `[` or `%`) is refused as well. */
export const address = (form: RegExp, words: string) =>
  z
    .string()
    .regex(form, words)
    .refine((url) => URL.canParse(url), words);
