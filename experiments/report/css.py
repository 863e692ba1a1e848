"""The look of the page of a report: readable on a phone, on a desk and in print, without anything from elsewhere."""

STYLE = """\
:root {
  color-scheme: light;
  --paper: #ffffff; --ink: #1a1a1a; --quiet: #4d4d4d; --link: #0b4f82; --line: #8a8a8a; --ground: #f2f4f6;
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, "DejaVu Sans", sans-serif; }
main, header, footer { max-width: 70rem; margin: 0 auto; padding: 0 1rem; }
p, li { max-width: 46rem; overflow-wrap: break-word; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 1.5rem 0 0.5rem; }
h2 { font-size: 1.3rem; line-height: 1.25; margin: 2.5rem 0 0.75rem; border-top: 1px solid var(--line);
  padding-top: 1rem; }
a { color: var(--link); background: var(--paper); }
a:focus-visible, [tabindex]:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -100rem; color: var(--paper); background: var(--link); padding: 0.5rem 1rem; }
.skip:focus { left: 0.5rem; top: 0.5rem; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; padding: 0; list-style: none; }
nav a { display: inline-block; padding: 0.25rem 0; }
#answer ol { background: var(--ground); color: var(--ink); border-left: 0.35rem solid var(--link);
  padding: 1rem 1rem 0.25rem 2.25rem; margin: 0; font-size: 1.05rem; max-width: 52rem; }
#answer ol li { margin-bottom: 0.75rem; }
.box { overflow-x: auto; margin: 1rem 0 0; }
table { border-collapse: collapse; font-size: 0.9rem; line-height: 1.35; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding-bottom: 0.4rem; }
th, td { padding: 0.3rem 0.9rem 0.3rem 0; text-align: right; vertical-align: top; }
th { font-weight: 600; }
thead th { vertical-align: bottom; border-bottom: 2px solid var(--ink); }
tbody tr > * { border-bottom: 1px solid var(--line); }
td { white-space: nowrap; }
.words { text-align: left; white-space: normal; min-width: 6rem; }
tbody th.words { font-weight: 400; min-width: 9rem; }
.note, figcaption { color: var(--quiet); background: var(--paper); font-size: 0.85rem; max-width: 46rem;
  margin: 0.4rem 0 1.5rem; }
figure { margin: 1.5rem 0; }
figure svg { display: block; width: 100%; min-width: 36rem; max-width: 56rem; height: auto; }
.narrow { display: none; }
.narrow svg { min-width: 0; }
@media screen and (max-width: 40rem) {
  .wide { display: none; }
  .narrow { display: block; }
}
figure svg * { stroke-linejoin: round; stroke-linecap: butt; }
pre { background: var(--ground); color: var(--ink); padding: 0.75rem; white-space: pre-wrap;
  overflow-wrap: anywhere; }
footer { color: var(--quiet); background: var(--paper); font-size: 0.85rem; padding-bottom: 2rem; }
@page { margin: 15mm; }
@media print {
  html { font-size: 9.5pt; }
  nav, .skip { display: none; }
  h2 { break-after: avoid; margin-top: 1.5rem; }
  .box { overflow: visible; }
  .box, figure, tr, #answer ol { break-inside: avoid; }
  figure svg { min-width: 0; max-height: 245mm; }
  thead { display: table-header-group; }
  table { font-size: 7.5pt; width: 100%; }
  th, td { padding: 0.2rem 0.4rem 0.2rem 0; }
  td { white-space: normal; }
  tbody th.words, .words { min-width: 0; }
  a { color: var(--ink); text-decoration: none; }
}
"""
"""Every rule that sets a colour of text also sets its ground, or stands on that of the page: so contrast can be
checked."""
