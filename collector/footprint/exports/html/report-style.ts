import { METRICS, SHARES } from './section.ts';

const { pageEm, gapEm, bandGapEm, lineEm, cellPadEm, columnGapEm, smallEm, titleEm } = METRICS;
/** Size of the font in print: the page's lengths are in it. */
const PRINT_MM = 2.52;

/** The style of every report: the same text each time, so that its hash is known. */
export const STYLE = `
:root{color-scheme:light dark;--paper:#fff;--ground:#eceeec;--ink:#16201c;--soft:#55615b;--rule:#d4dad6;--strong:#16201c;--bar:#8fb9ab;--edge:#2f6f5f;--accent:#14594c;--tint:#f3f6f4}
@media screen and (prefers-color-scheme:dark){:root{--paper:#161c19;--ground:#0d110f;--ink:#e6ece9;--soft:#9cabA4;--rule:#323b37;--strong:#e6ece9;--bar:#3d7566;--edge:#8ccab8;--accent:#7cc9b4;--tint:#1d2521}}
*{box-sizing:border-box;margin:0;padding:0}
body{background:var(--ground);color:var(--ink);font-family:"Helvetica Neue",Helvetica,Arial,"Liberation Sans","Noto Sans","PingFang SC","Microsoft YaHei","Noto Sans CJK SC","Droid Sans Fallback",sans-serif;font-size:13px;line-height:${lineEm};font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.sheet{background:var(--paper);width:${pageEm.width + 10}em;max-width:100%;margin:2em auto;padding:4em 5em 5em;box-shadow:0 0 0 1px var(--rule)}
.kicker{display:flex;justify-content:space-between;gap:2em;height:1.5em;overflow:hidden;color:var(--soft);font-size:.92em;letter-spacing:.02em;border-bottom:.12em solid var(--strong);margin-bottom:.5em}
h1{font-size:2.1em;line-height:1.15;font-weight:700;letter-spacing:-.01em}
.lead{color:var(--soft);margin-bottom:.6em}
.boxes{display:flex;gap:${gapEm}em;justify-content:space-between}
.box{padding:.25em 0 .35em;min-width:0;flex-shrink:1}
.who{border-top:.08em solid var(--rule)}
.figures{border-top:.12em solid var(--strong)}
.status{border-top:.08em solid var(--rule);border-bottom:.12em solid var(--strong)}
.name{color:var(--soft);font-size:.9em;line-height:1.4}
.value{font-size:1.9em;line-height:1.2;font-weight:700;letter-spacing:-.01em}
.figures .box:first-child .value{color:var(--accent)}
.unit{font-weight:700}
.status .value{font-size:1.2em}
.alarm{border-left:.5em solid var(--strong);padding-left:.7em}
.view{margin-top:.5em;font-style:italic}
.band{display:flex;gap:${gapEm}em;align-items:flex-start}
.column{min-width:0;flex-shrink:1}
section{margin-top:${bandGapEm}em}
h2{display:flex;justify-content:space-between;align-items:baseline;gap:1em;font-size:1em;line-height:1.25;height:${titleEm - 0.05}em;font-weight:700;color:var(--accent);border-bottom:.08em solid var(--strong);overflow:hidden;white-space:nowrap}
h2 a,.kicker a{font-weight:400;font-size:.9em;color:var(--soft);text-decoration:underline}
p.note{font-size:${smallEm}em}
section>p{font-size:${smallEm}em;padding:${cellPadEm}em 0;color:var(--soft)}
table{border-collapse:collapse;table-layout:fixed;width:100%}
caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
th,td{vertical-align:top;text-align:left;font-weight:400;padding:${round(cellPadEm / smallEm)}em ${round(columnGapEm / smallEm)}em ${round(cellPadEm / smallEm)}em 0;font-size:${smallEm}em;border-bottom:.08em solid var(--rule)}
th:last-child,td:last-child{padding-right:0}
thead th{font-size:.9em;color:var(--soft);vertical-align:bottom}
.facts th{color:var(--soft)}
.n{text-align:right}
.b{font-weight:700}
.code{font-family:"SF Mono",Menlo,Consolas,"Liberation Mono","DejaVu Sans Mono",monospace;font-size:.93em}
[data-of],bdi{unicode-bidi:isolate}
svg{display:block;width:100%;height:auto}
.axis{margin-bottom:-.1em}
.axis text{font-size:8.4px;fill:var(--soft)}
.score{width:4.9em}
.solid{fill:var(--bar)}
.hollow{fill:none;stroke:var(--edge);stroke-width:.8}
.mark{fill:var(--ink)}
.grid{stroke:var(--rule);stroke-width:.5;fill:none}
.zero{stroke:var(--soft);stroke-width:.7;fill:none}
.whisker{stroke:var(--ink);stroke-width:.9;fill:none}
.appendix section{margin-top:2em}
.appendix h2{height:auto;white-space:normal}
${SHARES.map((share) => `.w${share}{width:${share}%}`).join('')}
@media screen and (max-width:60em){table:not(.facts){table-layout:auto}table:not(.facts) col{width:auto}.n{overflow-wrap:normal;white-space:nowrap}table:not(.facts) th[scope=row]{min-width:7em}table:not(.facts) td:not(.n,.b){min-width:4.6em}.bar,.axis{min-width:6em}.wide{min-width:13em}section{overflow-x:auto}.sheet{padding:1.2em}.band,.boxes{display:block}.column,.box{width:auto}.column{margin-bottom:1em}h2{height:auto;white-space:normal}}
@page{size:A4;margin:10mm 13mm 12mm;@bottom-left{content:"millwatt footprint report";font:7pt Arial,"Liberation Sans",sans-serif;color:#55615b}@bottom-right{content:counter(page) " / " counter(pages);font:7pt Arial,"Liberation Sans",sans-serif;color:#55615b}}
@media print{body{background:none;font-size:${PRINT_MM}mm}.sheet{width:auto;margin:0;padding:0;box-shadow:none;break-after:page}.sheet:last-child{break-after:auto}h2{break-after:avoid}tr{break-inside:avoid}.band{break-inside:avoid}.appendix .band{break-inside:auto}thead{display:table-header-group}h2 a,.kicker a{text-decoration:none}}
`;

/** SHA-256 of STYLE, base64: the one thing that the page may apply. A test holds it. */
const STYLE_SHA256 = '46qY1HXgvLUrr5MuAb+AOXgVa5NGAkEZf8KrcoBHLvs=';

/** The page's content security policy: its own style, and nothing else. */
export const POLICY = `default-src 'none'; style-src 'sha256-${STYLE_SHA256}'; base-uri 'none'; form-action 'none'`;

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
