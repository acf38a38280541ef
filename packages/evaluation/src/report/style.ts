/** The page's whole style sheet. System fonts and no image: the file opens anywhere, offline. */
export const REPORT_STYLE = `
:root { color-scheme: light dark; --page: #f6f5f1; --card: #fff; --ink: #1d1f23; --soft: #5d636e;
  --line: #e2dfd7; --own: #1f6f5c; --own-soft: #d7ebe4; --other: #b9b4a8; --primed: #8f8879;
  --held: #c2571a; --bad: #b3261e; --bad-soft: #fbe4e1; --code: #f4f2ec; }
@media (prefers-color-scheme: dark) { :root { --page: #15171a; --card: #1d2024; --ink: #e9e7e2;
  --soft: #a0a5ae; --line: #31353b; --own: #5cc4a5; --own-soft: #1d3a33; --other: #4b4f57;
  --primed: #6d727c; --held: #f0985a; --bad: #ff8a80; --bad-soft: #442220; --code: #16181b; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.55 system-ui, -apple-system,
  "Segoe UI", Roboto, sans-serif; -webkit-text-size-adjust: 100%; }
main { max-width: 860px; margin: 0 auto; padding: 40px 20px 72px; }
header p { margin: 6px 0 0; color: var(--soft); overflow-wrap: anywhere; }
.kicker { margin: 0; color: var(--own); font-size: 13px; font-weight: 650; letter-spacing: .06em;
  text-transform: uppercase; }
h1 { margin: 4px 0 0; font-size: 34px; line-height: 1.15; letter-spacing: -.02em; overflow-wrap: anywhere; }
h2 { margin: 0 0 4px; font-size: 20px; letter-spacing: -.01em; }
h3 { margin: 20px 0 8px; font-size: 14px; color: var(--soft); font-weight: 600; }
section { margin-top: 24px; padding: 22px 24px; background: var(--card); border: 1px solid var(--line);
  border-radius: 14px; }
.note { margin: 0 0 16px; color: var(--soft); font-size: 14px; overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 12px;
  margin-top: 28px; }
.tile { padding: 16px 18px; background: var(--card); border: 1px solid var(--line); border-radius: 14px; }
.tile b { display: block; font-size: 26px; line-height: 1.2; letter-spacing: -.02em; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.tile span { display: block; font-size: 14px; font-weight: 600; }
.tile small { display: block; color: var(--soft); font-size: 13px; }
.tile.good b { color: var(--own); } .tile.bad b { color: var(--bad); }
.bar { display: grid; grid-template-columns: 190px 1fr 52px; gap: 4px 12px; align-items: center;
  padding: 5px 0; font-size: 14px; }
.bar .name { overflow-wrap: anywhere; } .bar .name small { display: block; color: var(--soft); font-size: 12px;
  font-weight: 400; line-height: 1.35; }
.bar .track { position: relative; height: 18px; }
.bar .fill { display: block; height: 100%; border-radius: 4px; background: var(--other); min-width: 2px; }
.bar.primed .fill { background: var(--primed); } .bar.own .fill { background: var(--own); }
.bar.own .name, .bar.own .value { font-weight: 650; }
.bar .whisker { position: absolute; top: 3px; height: 12px; border: 2px solid var(--ink); border-width: 0 2px;
  background: linear-gradient(var(--ink), var(--ink)) center / 100% 2px no-repeat; }
.bar .value { text-align: right; font-variant-numeric: tabular-nums; }
.keys { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 12px 0 0; padding: 0; list-style: none;
  color: var(--soft); font-size: 13px; }
.keys i { display: inline-block; width: 12px; height: 12px; margin-right: 6px; border-radius: 3px;
  vertical-align: -1px; background: var(--other); }
.keys .own { background: var(--own); } .keys .primed { background: var(--primed); }
.keys .held { background: var(--held); } .keys .range { height: 2px; vertical-align: 4px; background: var(--ink); }
.chart { padding: 8px 10px 44px 44px; }
.chart > svg { display: block; width: 100%; height: 280px; overflow: visible; }
.chart text { fill: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
.grid { stroke: var(--line); } .axis { stroke: var(--soft); }
.train, .held-out { fill: none; stroke-width: 2; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
.train { stroke: var(--own); } .held-out { stroke: var(--held); stroke-width: 2.5; }
.dot { fill: var(--held); }
pre { margin: 0; padding: 12px 14px; background: var(--code); border: 1px solid var(--line);
  border-radius: 8px; font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 2; max-height: 420px; overflow-y: auto; }
pre .prompt { color: var(--soft); }
.sample + .sample { margin-top: 26px; padding-top: 8px; border-top: 1px solid var(--line); }
.sample figure { margin: 12px 0 0; } .sample figcaption { margin-bottom: 4px; font-size: 13px;
  font-weight: 600; color: var(--soft); }
.sample .last figcaption { color: var(--own); } .sample .last pre { border-color: var(--own); }
.scroll { overflow-x: auto; margin: 0 -24px; padding: 0 24px; }
table { width: 100%; border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
th { padding: 6px 14px 6px 0; text-align: left; vertical-align: top; font-weight: 600; color: var(--soft);
  border-bottom: 1px solid var(--line); }
td { padding: 7px 14px 7px 0; vertical-align: top; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
tr:last-child td, tr:last-child th { border-bottom: 0; }
tbody th { width: 200px; }
.right { text-align: right; }
.pill { display: inline-block; padding: 1px 9px; border-radius: 99px; font-size: 13px; font-weight: 600;
  white-space: nowrap; background: var(--own-soft); color: var(--own); }
.pill.bad { background: var(--bad-soft); color: var(--bad); }
.failures { margin: 14px 0 0; padding: 12px 14px 12px 32px; background: var(--bad-soft); border-radius: 8px;
  font-size: 13px; overflow-wrap: anywhere; }
footer { margin-top: 28px; color: var(--soft); font-size: 13px; overflow-wrap: anywhere; }
@media (max-width: 560px) { main { padding: 24px 14px 48px; } h1 { font-size: 27px; }
  section { padding: 18px 16px; } .scroll { margin: 0 -16px; padding: 0 16px; }
  .tiles { grid-template-columns: 1fr 1fr; gap: 10px; } .tile { padding: 12px 14px; } .tile b { font-size: 23px; }
  .tile:first-child:nth-last-child(odd) { grid-column: 1 / -1; }
  .bar { grid-template-columns: 1fr 52px; } .bar .name { grid-column: 1 / -1; } .bar { padding: 8px 0; }
  tbody th { width: 120px; } .parity thead { display: none; }
  .parity tr { display: block; padding: 8px 0; border-bottom: 1px solid var(--line); }
  .parity tr:last-child { border-bottom: 0; }
  .parity td { display: flex; justify-content: space-between; gap: 16px; padding: 3px 0; border: 0;
  text-align: right; } .parity td::before { content: attr(data-label); color: var(--soft); text-align: left; } }
@media print { body { background: #fff; } section, .tile { break-inside: avoid; } pre { max-height: none; } }
`;
