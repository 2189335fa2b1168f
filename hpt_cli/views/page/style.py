"""How a page looks: light and dark, on paper and on a phone."""

STYLE = """
:root{color-scheme:light dark;--paper:#fff;--ink:#1d2126;--faint:#5c6670;--rule:#d9dee3;--dot:#3b76b0;
--best:#0a7d33;--bad:#c0392b;--warn:#8a5a00;--shade:#fff1cf;--panel:#f6f8fa}
@media (prefers-color-scheme:dark){:root{--paper:#15181c;--ink:#e4e8ec;--faint:#9aa5b0;--rule:#363d45;
--dot:#6fa8dc;--best:#4cc272;--bad:#f07a6c;--warn:#e0b050;--shade:#3a331f;--panel:#1d2126}}
@media print{:root{--paper:#fff;--ink:#000;--faint:#444;--rule:#ccc;--dot:#3b76b0;--best:#0a7d33;
--bad:#c0392b;
--warn:#6b4600;--shade:#fff1cf;--panel:#fff}figure,tr{break-inside:avoid}h2,h3{break-after:avoid}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:1.5rem 1.25rem 3rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{margin:0;font-size:1.7rem}h2{margin:2.2rem 0 .6rem;font-size:1.2rem}
h3{margin:1.4rem 0 .3rem;font-size:1rem}
p{margin:.35rem 0}.faint,figcaption,footer{color:var(--faint)}figcaption,footer{font-size:.86rem}
.best-said{font-size:1.1rem}.best-said b,tr.best td{color:var(--best)}tr.best td{font-weight:600}
.note::before{content:"note: ";color:var(--warn);font-weight:600}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:.6rem 0}
dt{color:var(--faint)}dd{margin:0}
dd,td,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.86rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse}th,td{padding:.22rem .9rem .22rem 0;text-align:left;vertical-align:top}
th{border-bottom:1px solid var(--rule);color:var(--faint);font-weight:500;font-size:.86rem;
vertical-align:bottom}
th,td{white-space:pre;overflow-wrap:normal}.right{text-align:right}
td.wraps{white-space:normal;min-width:18rem;font-family:inherit}tr.faint td{color:var(--faint)}
figure{margin:.6rem 0 1rem}
.pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(20rem,100%),1fr));
gap:0 1.5rem}
.wide svg{min-width:34rem}
svg{display:block;width:100%;height:auto}svg text{fill:var(--faint);font-size:11px}
svg .title{fill:var(--ink);font-size:12px}
.grid{stroke:var(--rule);stroke-width:.6}.axis{stroke:var(--faint)}
.round{stroke:var(--faint);stroke-dasharray:3 3}
.dots{stroke:var(--dot);stroke-width:5;stroke-linecap:round;fill:none;stroke-opacity:.55}
.failed{stroke:var(--bad);stroke-width:1.5;fill:none}.pruned{stroke:var(--faint);stroke-width:1.5;fill:none}
.best-line{stroke:var(--best);stroke-width:1.8;fill:none}
circle.best{fill:var(--best);stroke:var(--paper);stroke-width:1.5}.last{fill:var(--shade)}
.curve{fill:none;stroke-width:1.8}.curve-0{stroke:var(--dot);stroke-dasharray:5 3}
.curve-1{stroke:var(--best)}
.curve-2{stroke:var(--warn);stroke-dasharray:2 2}.curve-3{stroke:var(--bad)}
.key{display:inline-block;width:1.8em;height:.8em;margin:0 .35em 0 .8em}
pre{overflow-x:auto;padding:.8rem;background:var(--panel);border:1px solid var(--rule);border-radius:4px}
@media print{pre{white-space:pre-wrap}.scroll{overflow:visible}td{white-space:normal}}
summary{cursor:pointer}footer{margin-top:2.5rem;border-top:1px solid var(--rule);padding-top:.6rem}
@media (max-width:32rem){body{padding:1rem .8rem 2rem}svg text{font-size:13px}}
"""
