// The last minutes of a machine's power as a line; a hole is a time without values.

const WIDTH = 240;
const HEIGHT = 48;
const SPAN_MS = 10 * 60_000;
const POINTS_MAX = 1500;
const FAST_POINTS_MAX = 240;
const HOLE_MS = 130_000;
const NAMESPACE = 'http://www.w3.org/2000/svg';

/** `add(atMs, powerW)` draws on; `node` goes into the page. */
export function createSparkline(ratedPowerW) {
  const node = document.createElementNS(NAMESPACE, 'svg');
  node.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
  node.setAttribute('preserveAspectRatio', 'none');
  node.setAttribute('class', 'sparkline');
  node.setAttribute('aria-hidden', 'true');
  const area = document.createElementNS(NAMESPACE, 'path');
  area.setAttribute('class', 'area');
  const line = document.createElementNS(NAMESPACE, 'path');
  line.setAttribute('class', 'line');
  node.append(area, line);
  // The little that a machine draws when it is off is shown as little.
  const floorW = ratedPowerW === null ? 100 : ratedPowerW / 20;
  let points = [];
  let holeMs = HOLE_MS;

  const draw = () => {
    const endMs = points.at(-1)?.[0] ?? 0;
    const spanMs = Math.max(SPAN_MS, endMs - (points[0]?.[0] ?? endMs));
    const top = Math.max(floorW, ...points.map(([, powerW]) => powerW ?? 0)) * 1.08;
    const bottom = Math.min(0, ...points.map(([, powerW]) => powerW ?? 0));
    const x = (ms) => (WIDTH * (1 - (endMs - ms) / spanMs)).toFixed(1);
    const y = (powerW) => (HEIGHT - 2 - ((HEIGHT - 4) * (powerW - bottom)) / (top - bottom)).toFixed(1);
    let path = '';
    let filled = '';
    let runStart = null;
    let previousMs = null;
    const close = () => {
      if (runStart !== null) filled += `L${x(previousMs)},${HEIGHT}L${x(runStart)},${HEIGHT}Z`;
      runStart = null;
    };
    for (const [ms, powerW] of points) {
      const isHole = powerW === null || (previousMs !== null && ms - previousMs > holeMs);
      if (isHole) close();
      if (powerW === null) continue;
      const step = `${runStart === null ? 'M' : 'L'}${x(ms)},${y(powerW)}`;
      path += step;
      filled += step;
      runStart ??= ms;
      previousMs = ms;
    }
    close();
    line.setAttribute('d', path);
    area.setAttribute('d', filled);
  };

  return {
    node,
    /** History first: what the collector has of the last minutes. */
    fill(history) {
      const firstMs = points[0]?.[0] ?? Infinity;
      points = [...history.filter(([ms]) => ms < firstMs), ...points];
      draw();
    },
    /** Where time runs fast, the line has the same number of points over a longer time. */
    add(atMs, powerW, speed) {
      if (atMs <= (points.at(-1)?.[0] ?? 0)) return;
      holeMs = HOLE_MS * Math.max(1, speed / 20);
      points.push([atMs, powerW]);
      points =
        speed > 1.01
          ? points.slice(-FAST_POINTS_MAX)
          : points.filter(([ms]) => ms >= atMs - SPAN_MS).slice(-POINTS_MAX);
      draw();
    },
  };
}
