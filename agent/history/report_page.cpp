#include "agent/history/report_page.hpp"

namespace farshore::history {

namespace {

constexpr std::string_view style = R"(
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#17212b;--soft:#5a6774;--line:#e3e7eb;
--rpo:#1767a6;--fill:#1767a61f;--lag:#8d98a3;--goal:#b26a00;--miss:#c22f4a;--missbg:#c22f4a26;
--good:#23794c;--goodbg:#23794c1c;--warnbg:#b26a001f}
@media (prefers-color-scheme:dark){:root{--bg:#0e1317;--card:#161d23;--ink:#e7edf2;--soft:#98a6b3;
--line:#28323b;--rpo:#62aee6;--fill:#62aee626;--lag:#71808d;--goal:#e3a846;--miss:#ff7389;
--missbg:#ff738933;--good:#58c48a;--goodbg:#58c48a22;--warnbg:#e3a84622}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",
Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums;
-webkit-text-size-adjust:100%}
main{max-width:1080px;margin:0 auto;padding:32px 20px 56px}
header{display:flex;flex-wrap:wrap;gap:12px 24px;align-items:end;justify-content:space-between;
margin-bottom:20px}
.over{margin:0;color:var(--soft);font-size:12px;font-weight:600;letter-spacing:.08em;
text-transform:uppercase}
h1{margin:2px 0 0;font-size:30px;line-height:1.15;letter-spacing:-.02em;overflow-wrap:anywhere}
h2{margin:0;font-size:16px;letter-spacing:-.005em}
.range{margin:6px 0 0;color:var(--soft)}
.verdict{display:inline-block;padding:7px 14px;border-radius:999px;font-weight:600;
background:var(--goodbg);color:var(--good)}
.verdict.bad{background:var(--missbg);color:var(--miss)}
.tiles{display:grid;grid-template-columns:repeat(4,1fr);gap:12px;margin-bottom:12px}
.card,.tile{background:var(--card);border:1px solid var(--line);border-radius:12px}
.tile{padding:14px 16px}
.tile b{display:block;font-size:27px;line-height:1.2;font-weight:650;letter-spacing:-.02em;
margin:2px 0}
.tile b.bad{color:var(--miss)}
.tile span,.tile small{color:var(--soft);font-size:13px}
.card{padding:18px 20px;margin-bottom:12px;break-inside:avoid}
.head{display:flex;flex-wrap:wrap;gap:8px 16px;align-items:center;justify-content:space-between;
margin-bottom:10px}
.keys{display:flex;flex-wrap:wrap;gap:4px 16px;color:var(--soft);font-size:13px;margin:0}
.keys i{display:inline-block;width:16px;height:3px;border-radius:2px;margin-right:6px;
vertical-align:middle}
.tools{display:flex;gap:6px}
button{font:inherit;font-size:13px;color:var(--ink);background:transparent;
border:1px solid var(--line);
border-radius:8px;padding:4px 11px;min-height:32px;cursor:pointer}
button:hover,button:focus-visible{border-color:var(--rpo);outline:none}
.chart{display:block;width:100%;height:auto;touch-action:pan-y;user-select:none;outline:none}
.chart:focus-visible{outline:2px solid var(--rpo);outline-offset:2px;border-radius:6px}
.chart text{fill:var(--soft);font-size:12px}
.grid{stroke:var(--line);stroke-width:1}
.rpo{fill:none;stroke:var(--rpo);stroke-width:1.7;stroke-linejoin:round}
.area{fill:var(--fill);stroke:none}
.lag{fill:none;stroke:var(--lag);stroke-width:1;stroke-linejoin:round}
.goal{fill:none;stroke:var(--goal);stroke-width:1.5;stroke-dasharray:6 4}
.missed{fill:var(--missbg)}
.hair{stroke:var(--ink);stroke-width:1;opacity:.55}
.pick{fill:var(--missbg);opacity:.6}
.read{margin:8px 0 0;min-height:1.5em;color:var(--soft)}
.read strong{color:var(--ink);font-weight:600}
.days{display:flex;flex-wrap:wrap;gap:3px;margin:0 0 14px}
.days i{width:14px;height:14px;border-radius:3px;background:var(--good)}
.days i.some{background:var(--goal)}.days i.bad{background:var(--miss)}
.wide{overflow-x:auto;margin:0 -4px}
table{border-collapse:collapse;width:100%;font-size:14px}
th{font-weight:600;color:var(--soft);font-size:12px;text-align:right;white-space:nowrap}
td,th{padding:7px 8px;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
tr:last-child td{border-bottom:0}
td:first-child,th:first-child,td.text,th.text{text-align:left}
td.text{white-space:normal;min-width:15em}
td.bad{color:var(--miss);font-weight:600}
td.sub{color:var(--soft)}
details summary{cursor:pointer;color:var(--soft);font-size:14px;padding:6px 0}
.note{color:var(--soft);font-size:13.5px;max-width:75ch}
.note p{margin:6px 0}
.alarm{border-color:var(--miss)}
.alarm h2{color:var(--miss)}
code{font:12.5px/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
@media (max-width:720px){.stack thead{display:none}.stack tr{display:flex;flex-wrap:wrap;
gap:0 14px;padding:9px 4px;border-bottom:1px solid var(--line)}.stack tr:last-child{border:0}
.stack td{border:0;padding:1px 0}.stack td.text{flex-basis:100%;color:var(--soft);min-width:0}
.stack td:nth-child(2)::after{content:" min"}.stack td.sub::before{content:"of "}
main{padding:20px 12px 40px}.tiles{grid-template-columns:1fr 1fr;gap:8px}
.tile{padding:11px 12px}.tile b{font-size:22px}h1{font-size:25px}.card{padding:14px 12px}
.chart text{font-size:25px}.rpo{stroke-width:3}.goal{stroke-width:3}.days i{width:11px;height:11px}}
@media print{:root{color-scheme:light;--bg:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#ccc;
--rpo:#1767a6;--fill:#1767a61f;--lag:#8d98a3;--goal:#b26a00;--miss:#c22f4a;--missbg:#c22f4a26;
--good:#23794c;--goodbg:#23794c1c}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
body{font-size:11px}main{max-width:none;padding:0}.tools,.read{display:none}
.tiles{grid-template-columns:repeat(4,1fr)}.card,.tile{border-radius:6px}
details:not([open])>*:not(summary){display:block}.wide{overflow:visible}}
)";

constexpr std::string_view script = R"(
(function () {
  'use strict';
  var data = JSON.parse(document.getElementById('minutes').textContent);
  var svg = document.getElementById('chart'), read = document.getElementById('read');
  var phone = window.matchMedia('(max-width:720px)');
  var N = data.r.length, W = 1000, R = 988, T = 12, B = 288, L = 62;
  if (!N) { return; }
  var from = 0, to = N, hair = -1;
  var ns = 'http://www.w3.org/2000/svg';
  function el(name, attributes, text) {
    var e = document.createElementNS(ns, name);
    for (var k in attributes) { e.setAttribute(k, attributes[k]); }
    if (text !== undefined) { e.textContent = text; }
    return e;
  }
  function span(ms) {
    if (ms < 999.5) { return Math.round(ms) + ' ms'; }
    var s = ms / 1000;
    if (s < 60) { return (s < 10 ? s.toFixed(2) : s.toFixed(1)) + ' s'; }
    s = Math.ceil(s);
    if (s < 3600) { return Math.floor(s / 60) + ' min ' + s % 60 + ' s'; }
    if (s < 86400) { return Math.floor(s / 3600) + ' h ' + Math.floor(s / 60 % 60) + ' min'; }
    return Math.floor(s / 86400) + ' d ' + Math.floor(s / 3600 % 24) + ' h';
  }
  function stamp(i) {
    return new Date((data.t + i * data.step) * 60000).toISOString().slice(0, 16).replace('T', ' ');
  }
  function x(i) { return L + (R - L) * (i - from) / (to - from); }
  function y(ms) {
    var v = Math.log10(Math.max(ms, data.low) / data.low) / Math.log10(data.high / data.low);
    return B - (B - T) * Math.min(1, v);
  }
  function objective(i) {
    for (var k = data.o.length - 1; k >= 0; --k) {
      if (data.o[k][0] <= i) { return data.o[k][1]; }
    }
    return null;
  }
  // At most two points a column: the worst of what falls into it.
  function groups() {
    var size = Math.max(1, Math.ceil((to - from) / 900)), all = [];
    for (var i = from; i < to; i += size) {
      var g = { at: i, end: Math.min(to, i + size), r: 0, l: 0, missed: 0 };
      for (var k = i; k < g.end; ++k) {
        g.r = data.r[k] < 0 || g.r < 0 ? -1 : Math.max(g.r, data.r[k]);
        g.l = data.l[k] < 0 || g.l < 0 ? -1 : Math.max(g.l, data.l[k]);
        g.missed += data.m[k];
      }
      all.push(g);
    }
    return all;
  }
  function steps(all, which, close) {
    var d = '', open = false, first = 0, last = 0;
    function end() { if (open && close) { d += 'V' + B + 'H' + first.toFixed(1) + 'Z'; } }
    all.forEach(function (g) {
      if (g[which] < 0) { end(); open = false; return; }
      var a = x(g.at), b = x(g.end), v = y(g[which]).toFixed(1);
      if (!open) { first = a; }
      d += (open ? 'V' + v : 'M' + a.toFixed(1) + ' ' + v) + 'H' + b.toFixed(1);
      open = true; last = b;
    });
    end();
    return d;
  }
  function axis() {
    [100, 1e3, 1e4, 6e4, 6e5, 3.6e6, 8.64e7, 8.64e8].forEach(function (ms) {
      if (ms < data.low || ms > data.high) { return; }
      svg.appendChild(el('line', { 'class': 'grid', x1: L, x2: R, y1: y(ms), y2: y(ms) }));
      var drop = phone.matches ? 9 : 4;
      svg.appendChild(el('text', { x: L - 8, y: y(ms) + drop, 'text-anchor': 'end' },
        span(ms).replace(/ (0 s|0 min|0 h)$/, '').replace('.00', '').replace('.0', '')));
    });
    var want = phone.matches ? 3 : 6, span_ = (to - from) * data.step;
    var unit = [1, 5, 10, 30, 60, 180, 360, 720, 1440, 2880, 10080, 43200, 129600].filter(
      function (u) { return span_ / u <= want; })[0] || 525600;
    var first = Math.ceil((data.t + from * data.step) / unit) * unit;
    for (var m = first; m < data.t + to * data.step; m += unit) {
      var i = (m - data.t) / data.step, label = stamp(i);
      if (x(i) > R - 40) { continue; }
      svg.appendChild(el('line', { 'class': 'grid', x1: x(i), x2: x(i), y1: B, y2: B + 5 }));
      var anchor = x(i) < L + 40 ? 'start' : 'middle';
      svg.appendChild(el('text', { x: x(i), y: B + 26, 'text-anchor': anchor },
        unit >= 1440 ? label.slice(5, 10) : label.slice(11)));
    }
  }
  function goal() {
    data.o.forEach(function (o, k) {
      var a = Math.max(o[0], from), b = Math.min(k + 1 < data.o.length ? data.o[k + 1][0] : N, to);
      if (a < b) {
        var d = 'M' + x(a) + ' ' + y(o[1]) + 'H' + x(b);
        svg.appendChild(el('path', { 'class': 'goal', d: d }));
      }
    });
  }
  function draw() {
    L = phone.matches ? 112 : 62;
    while (svg.lastChild && svg.lastChild.nodeName !== 'title') { svg.removeChild(svg.lastChild); }
    var all = groups();
    all.forEach(function (g) {
      if (g.missed) {
        svg.appendChild(el('rect', { 'class': 'missed', x: x(g.at), y: T,
          width: Math.max(1.5, x(g.end) - x(g.at)), height: B - T }));
      }
    });
    axis();
    svg.appendChild(el('path', { 'class': 'area', d: steps(all, 'r', true) }));
    svg.appendChild(el('path', { 'class': 'lag', d: steps(all, 'l') }));
    svg.appendChild(el('path', { 'class': 'rpo', d: steps(all, 'r') }));
    goal();
    if (hair >= from && hair < to) {
      var at = x(hair + 0.5);
      svg.appendChild(el('line', { 'class': 'hair', x1: at, x2: at, y1: T, y2: B }));
    }
    if (drag && Math.abs(drag.x - drag.now) > 4) {
      svg.appendChild(el('rect', { 'class': 'pick', x: Math.min(drag.x, drag.now), y: T,
        width: Math.abs(drag.x - drag.now), height: B - T }));
    }
    say();
  }
  function part(parent, name, text) {
    var e = document.createElement(name); e.textContent = text; parent.appendChild(e);
  }
  function say() {
    read.textContent = '';
    if (hair < 0) {
      read.textContent = stamp(from) + ' to ' + stamp(to) + ' UTC. Point at the chart to read, ' +
        'drag to zoom, use the arrow keys to step.';
      return;
    }
    var r = data.r[hair], l = data.l[hair], o = objective(hair);
    part(read, 'strong', stamp(hair) + ' UTC');
    part(read, 'span', '  \u2002RPO ' + (r < 0 ? 'without proof' :
      span(r) + ' (\u00b1 ' + span(data.e[hair] / 1000) + ' in it)') +
      '  \u2002lag ' + (l < 0 ? 'without proof' : span(l)) +
      '  \u2002objective ' + (o === null ? 'none' : span(o)) + '  \u2002');
    var missed = data.step > 1 ? data.m[hair] + ' min missed' : 'missed';
    part(read, 'strong', data.m[hair] ? missed : 'met');
  }
  function index(px) {
    return Math.max(from, Math.min(to - 1, Math.floor(from + (px - L) / (R - L) * (to - from))));
  }
  function zoom(a, b) {
    var least = Math.min(N, 5);
    a = Math.round(a); b = Math.round(b);
    if (b - a < least) { var c = (a + b) / 2; a = Math.floor(c - least / 2); b = a + least; }
    if (b - a > N) { a = 0; b = N; }
    if (a < 0) { b -= a; a = 0; }
    if (b > N) { a -= b - N; b = N; }
    from = Math.max(0, a); to = b; draw();
  }
  function place(event) {
    var box = svg.getBoundingClientRect();
    return (event.clientX - box.left) / box.width * W;
  }
  var drag = null;
  svg.addEventListener('pointerdown', function (e) {
    drag = { x: place(e), now: place(e) };
    svg.setPointerCapture(e.pointerId);
    hair = index(place(e)); draw();
  });
  svg.addEventListener('pointermove', function (e) {
    if (drag) { drag.now = place(e); }
    hair = index(place(e)); draw();
  });
  svg.addEventListener('pointerup', function () {
    var d = drag; drag = null;
    if (d && Math.abs(d.x - d.now) > 12) {
      zoom(index(Math.min(d.x, d.now)), index(Math.max(d.x, d.now)) + 1);
    } else { draw(); }
  });
  svg.addEventListener('pointercancel', function () { drag = null; draw(); });
  svg.addEventListener('pointerleave', function () { if (!drag) { hair = -1; draw(); } });
  svg.addEventListener('wheel', function (e) {
    if (!e.ctrlKey && !e.metaKey) { return; }
    e.preventDefault();
    var c = index(place(e)), f = e.deltaY > 0 ? 1.4 : 1 / 1.4;
    zoom(c - (c - from) * f, c + (to - c) * f);
  }, { passive: false });
  svg.addEventListener('keydown', function (e) {
    var move = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
    if (move) { hair = Math.max(from, Math.min(to - 1, hair < 0 ? from : hair + move)); draw(); }
    if (e.key === '+' || e.key === '=') { nearer(); }
    if (e.key === '-') { farther(); }
    if (e.key === '0' || e.key === 'Escape') { zoom(0, N); }
    if (move) { e.preventDefault(); }
  });
  function nearer() {
    var c = hair < 0 ? (from + to) / 2 : hair, w = (to - from) / 4; zoom(c - w, c + w);
  }
  function farther() { var c = (from + to) / 2, w = to - from; zoom(c - w, c + w); }
  document.getElementById('in').onclick = nearer;
  document.getElementById('out').onclick = farther;
  document.getElementById('all').onclick = function () { hair = -1; zoom(0, N); };
  document.querySelector('.tools').hidden = false;
  Array.prototype.forEach.call(document.querySelectorAll('[data-from]'), function (row) {
    row.style.cursor = 'pointer';
    row.onclick = function () {
      var a = (row.dataset.from - data.t) / data.step, b = (row.dataset.to - data.t) / data.step;
      var w = Math.max(10, (b - a) * 1.5);
      zoom((a + b) / 2 - w, (a + b) / 2 + w);
      document.getElementById('over-time').scrollIntoView({ behavior: 'smooth' });
    };
  });
  phone.addEventListener('change', draw);
  window.addEventListener('beforeprint', function () { hair = -1; zoom(0, N); });
  draw();
})();
)";

}  // namespace

std::string_view page_style() {
    return style;
}

std::string_view page_script() {
    return script;
}

}  // namespace farshore::history
