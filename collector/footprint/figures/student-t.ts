/** Terms of the continued fraction at most: for every number of degrees of freedom up to a million some 60 are enough. */
const TERMS_MAX = 500;
const TINY = 1e-300;

/**
 * How far Student's t lies from 0 at most with this probability (two-sided): the coverage factor of JCGM 100, table G.2. Of
 * infinitely many degrees of freedom it is that of the normal distribution.
 * @param probability 0 to 1, both excluded: 0.95
 * @param degrees degrees of freedom, >= 1, need not be whole
 */
export function studentT(probability: number, degrees: number): number {
  if (!(probability > 0 && probability < 1) || !(degrees >= 1))
    throw new RangeError(`no t of ${probability} with ${degrees} degrees of freedom`);
  const outside = 1 - probability;
  // P(|T| > t) = I_x(v/2, 1/2) with x = v / (v + t^2), which rises with x: halve between 0 and 1.
  let [low, high] = [0, 1];
  for (let turn = 0; turn < 200; turn++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (betaShare(middle, Math.min(degrees, 1e7) / 2, 0.5) < outside) low = middle;
    else high = middle;
  }
  const x = (low + high) / 2;
  return Math.sqrt((Math.min(degrees, 1e7) * (1 - x)) / x);
}

/** The regularised incomplete beta function I_x(a, b), by its continued fraction (NIST DLMF 8.17.22) and Lentz's method. */
function betaShare(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast below (a + 1) / (a + b + 2); above it, the other tail is the same function (DLMF 8.17.4).
  if (x > (a + 1) / (a + b + 2)) return 1 - betaShare(1 - x, b, a);
  const front = Math.exp(
    a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b) - Math.log(a),
  );
  let c = 1;
  let d = 1 / (1 - ((a + b) * x) / (a + 1) || TINY);
  let fraction = d;
  for (let m = 1; m <= TERMS_MAX; m++) {
    for (const term of [
      (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)),
      (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)),
    ]) {
      d = 1 / (1 + term * d || TINY);
      c = 1 + term / c || TINY;
      fraction *= c * d;
    }
    if (Math.abs(c * d - 1) < 1e-16) break;
  }
  return front * fraction;
}

/** ln of the gamma function, x > 0: Stirling's series (DLMF 5.11.1) from 10 on, and the recurrence below. */
function logGamma(x: number): number {
  let [at, product] = [x, 1];
  for (; at < 10; at++) product *= at;
  const r = 1 / (at * at);
  const series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r * (1 / 1188))))) / at;
  return (at - 0.5) * Math.log(at) - at + Math.log(2 * Math.PI) / 2 + series - Math.log(product);
}
