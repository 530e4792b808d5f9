/** The dashboard's only style sheet, served at /style.css. */
export const style = `
:root {
  --ink: #1d2433; --muted: #667085; --line: #e4e7ec; --ground: #f6f7f9; --paper: #fff; --accent: #02763f; --warn: #b54708;
  color-scheme: light dark;
}
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ef; --muted: #98a2b3; --line: #2b3342; --ground: #12161f; --paper: #1a202c; --accent: #4cc38a; --warn: #f79009; }
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; display: grid; grid-template-columns: 15rem 1fr;
  background: var(--ground); color: var(--ink); font: 15px/1.55 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
a { color: inherit; }
.sidebar {
  position: sticky; top: 0; height: 100vh; padding: 1.5rem 1rem; display: flex; flex-direction: column; gap: 1.5rem;
  background: var(--paper); border-right: 1px solid var(--line);
}
.brand { display: flex; align-items: center; gap: .6rem; padding: 0 .5rem; font-weight: 650; text-decoration: none; }
.mark { flex: none; width: 1.1rem; height: 1.1rem; border-radius: .3rem; background: var(--accent); }
nav { display: grid; gap: .2rem; }
nav a { padding: .4rem .7rem; border-radius: .5rem; color: var(--muted); text-decoration: none; }
nav a:hover, nav a[aria-current] { background: var(--ground); color: var(--ink); }
nav a[aria-current] { font-weight: 600; }
.sidebar footer { margin-top: auto; display: flex; flex-wrap: wrap; align-items: center; gap: .6rem; padding: 0 .5rem; font-size: .85rem; }
.version-badge {
  padding: .1rem .6rem; border: 1px solid var(--line); border-radius: 1rem; color: var(--muted);
  font: .8rem/1.5 ui-monospace, SFMono-Regular, "DejaVu Sans Mono", monospace;
}
main { width: 100%; max-width: 54rem; padding: 2.25rem 2.5rem; }
h1 { margin: 0; font-size: 1.5rem; letter-spacing: -.01em; }
h2 { margin: 0 0 .5rem; font-size: .95rem; }
.card { margin-top: 1.25rem; padding: 1.25rem 1.5rem; background: var(--paper); border: 1px solid var(--line); border-radius: .8rem; }
main > .card:first-child { margin-top: 0; }
table { width: 100%; border-collapse: collapse; }
th { padding: 0 0 .6rem; color: var(--muted); font-size: .8rem; font-weight: 500; text-align: left; }
td { padding: .7rem 1rem .7rem 0; border-top: 1px solid var(--line); }
tr:last-child td { padding-bottom: 0; }
td:first-child { width: 60%; font-weight: 550; }
td a { text-decoration: none; }
td a:hover { text-decoration: underline; }
time, .meta, .empty, small { color: var(--muted); font-size: .88rem; font-variant-numeric: tabular-nums; }
time { white-space: nowrap; }
.status { padding: .1rem .55rem; border-radius: 1rem; font-size: .8rem; color: var(--muted); background: var(--ground); }
.status.published { color: var(--accent); background: color-mix(in srgb, var(--accent) 12%, transparent); }
.assistant { margin: 0; display: flex; flex-wrap: wrap; justify-content: space-between; gap: .5rem; }
.failed, .problem { color: var(--warn); }
.page { padding: 2rem 2.25rem; }
.page p { max-width: 42rem; }
.login { max-width: 24rem; display: grid; gap: .9rem; }
.login p { margin: 0; }
label { display: grid; gap: .3rem; font-size: .88rem; font-weight: 550; }
input, button { padding: .55rem .7rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--paper); color: var(--ink); font: inherit; }
button { border-color: transparent; background: var(--accent); color: var(--paper); font-weight: 600; cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media (max-width: 44rem) {
  body { grid-template-columns: 1fr; grid-template-rows: auto 1fr; }
  .sidebar { position: static; height: auto; flex-flow: row wrap; align-items: center; padding: 1rem; border: 0; border-bottom: 1px solid var(--line); }
  .sidebar { gap: .75rem; }
  .sidebar footer { margin: 0 0 0 auto; }
  nav { order: 1; display: flex; width: 100%; }
  td:first-child { width: auto; }
  main { padding: 1.25rem 1rem; }
}
`.trimStart();
