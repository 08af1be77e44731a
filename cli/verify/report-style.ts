/** Of the report of a verification: on a screen, and on A4 in black and white as well. */
export const REPORT_STYLE = `
@page { size: A4; margin: 16mm 15mm 18mm; @bottom-left { content: "Verification of an evidence package"; font: 8pt sans-serif; color: #555; }
  @bottom-right { content: "Page " counter(page) " of " counter(pages); font: 8pt sans-serif; color: #555; } }
* { box-sizing: border-box; }
body { font: 10pt/1.4 "Liberation Sans", Arial, sans-serif; color: #111; background: #fff; max-width: 190mm; margin: 8mm auto; padding: 0 5mm; }
h1 { font-size: 17pt; line-height: 1.2; margin: 0 0 4mm; overflow-wrap: anywhere; }
h2 { font-size: 12pt; margin: 6mm 0 2mm; border-bottom: 1px solid #999; padding-bottom: 1mm; break-after: avoid; }
p { margin: 0 0 2mm; }
h2 + p { break-after: avoid; }
ul { margin: 0 0 2mm; padding-left: 5mm; }
li { margin-bottom: 1mm; overflow-wrap: anywhere; }
.kind { font-size: 9pt; color: #555; margin: 0; }
.verdict { border: 2px solid #111; border-left-width: 10px; padding: 3mm 4mm; break-inside: avoid; }
.verdict .result { font-size: 15pt; font-weight: bold; letter-spacing: .02em; margin: 0 0 1mm; }
.verdict .counts { margin: 0; color: #333; }
.verified { border-color: #1a6b2d; background: #eef7f0; }
.consistent, .not-judged { border-color: #8a5a00; background: #fdf6e6; }
.failed { border-color: #a11414; background: #fcebeb; }
table { border-collapse: collapse; width: 100%; margin: 0 0 3mm; font-size: 9pt; }
th, td { text-align: left; vertical-align: top; padding: 1mm 2mm; border-bottom: 1px solid #ccc; overflow-wrap: anywhere; }
thead th { border-bottom: 1.5px solid #555; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
.facts th { width: 42mm; font-weight: normal; color: #444; }
.figures { width: auto; min-width: 110mm; }
.figures td + td, .figures th + th { text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
.figures tfoot td { font-weight: bold; border-top: 1.5px solid #555; }
.lines td:first-child, .checks td:nth-child(2) { white-space: nowrap; }
.checks td:nth-child(3) { width: 45mm; }
.figures td.text, .figures th.text { text-align: left; overflow-wrap: anywhere; }
.lines tr.fail td { background: #fcebeb; }
.lines tr.fail td:first-child { font-weight: bold; }
.lines tr.not-proven td:first-child { font-style: italic; }
code { font: 9pt "Liberation Mono", monospace; overflow-wrap: anywhere; }
.sign { break-inside: avoid; }
.signature td { height: 18mm; color: #555; width: 33%; border: 1px solid #999; }
@media print { body { margin: 0; padding: 0; max-width: none; } * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`;
