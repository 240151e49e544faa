/** The look of the page: light and dark, at the width of a phone and of a desk. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#fff;--fg:#1c2024;--dim:#626a73;--line:#e1e5ea;--soft:#f5f7f9;--blue:#2f6fde;--green:#1d8a4e;--red:#c9352b;--amber:#b7791f;--gray:#9aa3ad}
@media(prefers-color-scheme:dark){:root{--bg:#14171a;--fg:#e6e9ec;--dim:#97a1ab;--line:#2c3238;--soft:#1b1f23;--blue:#6aa1ff;--green:#4cc38a;--red:#ff7a70;--amber:#e2b04a;--gray:#68727c}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1200px;padding:24px 20px 60px;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif}
h1{font-size:24px;margin:0 0 4px;overflow-wrap:anywhere}h2{font-size:17px;margin:36px 0 10px}
a{color:inherit}pre,code,.name,.box text{font-family:ui-monospace,Menlo,Consolas,monospace}
.state{display:inline-block;padding:1px 9px;border-radius:10px;color:#fff;font-size:13px;vertical-align:middle;margin-left:8px}
.state.ok{background:#1d8a4e}.state.bad{background:#c9352b}
dl{display:grid;grid-template-columns:max-content 1fr;gap:3px 18px;margin:14px 0}dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:8px;padding:10px;background:var(--soft)}
.graph .edge{fill:none;stroke:var(--gray);stroke-width:1.4}.graph .edge.critical{stroke:var(--amber);stroke-width:2.4}
.graph .lane{fill:var(--dim);font:12px system-ui,sans-serif}.graph rect{fill:var(--bg);stroke:var(--gray);stroke-width:1.4}
.graph text{fill:var(--fg);font-size:11px}.graph .done rect{stroke:var(--green)}.graph .cached rect{stroke:var(--blue);stroke-dasharray:4 3}
.graph .failed rect{stroke:var(--red);stroke-width:2.5}.graph .critical rect{stroke-width:2.6;stroke:var(--amber)}.graph .waiting{opacity:.5}
.row{display:grid;grid-template-columns:minmax(120px,300px) 1fr 120px;gap:10px;align-items:center;margin:3px 0;font-size:13px}
.row .name{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}.row .name a{text-decoration:none}.row .name a:hover{text-decoration:underline}
.track{position:relative;height:16px;background:var(--soft);border-radius:3px}.bar{position:absolute;top:2px;bottom:2px;border-radius:3px;background:var(--green)}
.bar.work{background:var(--gray)}.bar.failed{background:var(--red)}.bar.canceled{background:var(--gray)}.bar.critical{box-shadow:0 0 0 2px var(--amber)}
.took{color:var(--dim);text-align:right;white-space:nowrap}.axis .track{background:none;border-top:1px solid var(--line);border-radius:0}
.axis span{position:absolute;top:2px;transform:translateX(-50%);font-size:11px;color:var(--dim)}.axis span:first-child{transform:none}.axis span:last-child{transform:translateX(-100%)}
.legend{color:var(--dim);font-size:13px}.legend i{display:inline-block;width:12px;height:10px;border-radius:2px;margin:0 4px 0 12px}
details{border-bottom:1px solid var(--line);padding:7px 0}summary{cursor:pointer;overflow-wrap:anywhere}summary .mark{float:right;color:var(--dim);font-size:13px;margin-left:10px}
.mark.failed{color:var(--red)!important}ul{margin:8px 0;padding-left:22px}pre{background:var(--soft);border:1px solid var(--line);border-radius:6px;padding:10px;overflow-x:auto;font-size:12.5px;line-height:1.45;max-height:70vh}
table{border-collapse:collapse;width:100%}td{padding:3px 12px 3px 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}td:first-child{white-space:nowrap;text-align:right}
@media(max-width:640px){body{padding:16px 12px 40px}.row{grid-template-columns:1fr auto;gap:0 8px;margin:8px 0}.row .track{grid-column:1/3;grid-row:2}.axis .name{display:none}dl{grid-template-columns:1fr}dd{margin-bottom:6px}}
`;

/** Opens the step that a link leads to. All else works without it. */
export const SCRIPT = `
function show(){const step=document.getElementById(decodeURIComponent(location.hash.slice(1)));if(step&&step.tagName==="DETAILS"){step.open=true;step.scrollIntoView({block:"start"})}}
addEventListener("hashchange",show);show();
`;
