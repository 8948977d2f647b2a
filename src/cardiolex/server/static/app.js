// The page: recordings on paper, their findings, the evidence for them.
import { render } from './vendor/preact.js';
import { useCallback, useEffect, useMemo, useRef, useState } from './vendor/preact-hooks.js';
import { html, LEADS } from './ui.js';
import { get, setToken } from './api.js';
import { Ask } from './ask.js';
import { said } from './calipers.js';
import { Ecg } from './ecg.js';
import { Explained } from './explained.js';
import { Findings, summary } from './findings.js';
import { Measurements, Notes, Warnings } from './facts.js';
import { Help, useKeys } from './keys.js';
import { LAYOUTS } from './layout.js';
import { Picker } from './picker.js';
import { Similar } from './similar.js';
import { PIECE_S, useSlot } from './slot.js';
import { applyTheme, nextTheme } from './theme.js';

const ZOOMS = [1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24];
const narrow = () => matchMedia('(max-width: 700px)').matches;

function Leads({ present, used, onUse }) {
  const toggle = lead => {
    const next = used.includes(lead) ? used.filter(one => one !== lead) : LEADS.filter(one => used.includes(one) || one === lead);
    if (present.some(one => next.includes(one))) onUse(next);
  };
  return html`<fieldset class="leads"><legend>Leads the model sees</legend>
    ${LEADS.map(lead => html`<label class=${present.includes(lead) ? '' : 'absent'}>
      <input type="checkbox" name="lead" value=${lead} disabled=${!present.includes(lead)}
        checked=${present.includes(lead) && used.includes(lead)} onChange=${() => toggle(lead)} />${lead}</label>`)}
    <button type="button" onClick=${() => onUse(LEADS)}>All</button>
    <button type="button" onClick=${() => present.includes('I') && onUse(['I'])} disabled=${!present.includes('I')}>I only</button>
    <button type="button" onClick=${() => onUse(['I', 'II'])} disabled=${!(present.includes('I') && present.includes('II'))}>I, II</button>
  </fieldset>`;
}

function Recording({ view, tools, several }) {
  const { slot, leads } = view;
  const [corners, setCorners] = useState(null);
  const { facts, from } = slot;
  const person = [facts.age !== null && `${facts.age.toFixed(0)} years`, facts.sex].filter(Boolean).join(', ');
  return html`
    <section class="recording" aria-label=${`Recording ${slot.id}`} data-slot=${slot.id}>
      <h2>${several ? `${slot.id}: ` : ''}${facts.record || 'Recording'}</h2>
      <p class="soft">${[facts.source, person, `${facts.fs_hz.toFixed(0)} Hz`, `${facts.duration_s.toFixed(1)} s`].filter(Boolean).join(' · ')}</p>
      <${Warnings} facts=${facts} />
      ${facts.duration_s > PIECE_S + 1 && html`<div class="row times" role="group" aria-label="Time shown">
        <button type="button" disabled=${from <= 0} onClick=${() => view.turnTo(Math.max(0, from - PIECE_S))}>Earlier</button>
        <span>${from.toFixed(0)} to ${Math.min(from + PIECE_S, facts.duration_s).toFixed(0)} s of ${facts.duration_s.toFixed(0)} s</span>
        <button type="button" disabled=${from + PIECE_S >= facts.duration_s - 1} onClick=${() => view.turnTo(from + PIECE_S)}>Later</button>
      </div>`}
      <${Ecg} slot=${slot} used=${leads} layout=${tools.layout} zoom=${tools.zoom} onZoom=${tools.onZoom}
        calipers=${tools.calipers} corners=${corners || tools.corners} explanation=${slot.explanation}
        onCorners=${next => setCorners(old => (typeof next === 'function' ? next(old || tools.corners) : next))} />
      ${tools.calipers && html`<p class="measured" role="status" data-testid="reading">Calipers: ${said(corners || tools.corners)}</p>`}
      <${Notes} facts=${facts} />
    </section>`;
}

function Token({ onSet }) {
  return html`<form class="token" onSubmit=${event => { event.preventDefault(); onSet(event.target.elements.token.value); }}>
    <label for="token">This server asks for a token</label>
    <div class="row"><input id="token" name="token" type="password" autocomplete="off" /><button type="submit">Use it</button></div>
  </form>`;
}

function App() {
  const [model, setModel] = useState(null);
  const [samples, setSamples] = useState([]);
  const [conditions, setConditions] = useState(null);
  const [extra, setExtra] = useState([]);
  const [used, setUsed] = useState(LEADS);
  const [layout, setLayout] = useState(LAYOUTS[0]);
  const [zoom, setZoom] = useState(narrow() ? 3 : null);
  const [calipers, setCalipers] = useState(false);
  const [condition, setCondition] = useState(null);
  const [error, setError] = useState(null);
  const [locked, setLocked] = useState(false);
  const help = useRef(null);

  const fail = useCallback(problem => {
    if (problem && problem.status === 401) setLocked(true);
    setError(problem ? problem.message : null);
  }, []);
  const start = useCallback(async () => {
    try {
      const [about, bundled, known] = await Promise.all(['/v1/model', '/v1/samples', '/v1/conditions'].map(get));
      setModel(about); setSamples(bundled.samples); setConditions(known.conditions);
      setLocked(false); setError(null);
    } catch (problem) { fail(problem); }
  }, [fail]);
  useEffect(() => { applyTheme(); start(); }, []);

  const asked = useMemo(() => {
    if (!conditions) return null;
    const defaults = conditions.filter(one => one.default).map(one => one.name);
    return [...extra, ...defaults.filter(name => !extra.includes(name))];
  }, [conditions, extra]);
  const first = useSlot('A', asked, used, condition, fail);
  const second = useSlot('B', asked, used, condition, fail);
  const views = [first, second].filter(view => view.slot);
  const slots = views.map(view => ({ ...view.slot, fewer: view.fewer, key: view.key }));
  const fewer = views.some(view => view.fewer);
  const present = LEADS.filter(lead => slots.some(slot => slot.facts.leads.includes(lead)));

  const step = useCallback(way => setZoom(old => {
    const now = old === null ? 4 : old;
    const next = way > 0 ? ZOOMS.find(one => one > now) : [...ZOOMS].reverse().find(one => one < now);
    return next === undefined ? now : next;
  }), []);
  const ask = one => {
    setExtra(old => [one, ...old.filter(other => other !== one)]);
    setCondition(null);
  };
  const cycle = () => setLayout(old => LAYOUTS[(LAYOUTS.indexOf(old) + 1) % LAYOUTS.length]);
  useKeys({
    '/': () => document.getElementById('ask')?.focus(),
    c: () => setCalipers(old => !old), l: cycle, a: () => setUsed(LEADS),
    '+': () => step(1), '=': () => step(1), '-': () => step(-1), 0: () => setZoom(null),
    d: nextTheme, p: () => window.print(), '?': () => help.current.showModal(),
    Escape: () => { setCalipers(false); setCondition(null); },
  });

  const tools = {
    layout, zoom, onZoom: step, calipers, corners: { x0: 20, y0: 12, x1: 40, y1: 22 },
  };
  return html`
    <header>
      <h1>cardiolex</h1>
      <p class="notice" role="note">Research software, <strong>not a medical device</strong>: findings need a physician's eye.</p>
      <div class="row noprint">
        <button type="button" onClick=${nextTheme}>Dark or light</button>
        <button type="button" onClick=${() => help.current.showModal()}>Keys</button>
      </div>
    </header>
    <main onDragOver=${event => event.preventDefault()}
      onDrop=${event => { event.preventDefault(); if (event.dataTransfer.files.length) first.open({ files: [...event.dataTransfer.files] }); }}>
      <div class="pickers noprint">
        <${Picker} id="A" label=${slots.length ? 'Another recording' : 'A recording'} samples=${samples} onOpen=${first.open} />
        ${first.slot && html`<${Picker} id="B" label="Compare with" samples=${samples} onOpen=${second.open} onClose=${second.close} open=${second.slot} />`}
      </div>
      ${locked && html`<${Token} onSet=${value => { setToken(value); start(); }} />`}
      ${(first.busy || second.busy) && html`<p role="status">Reading…</p>`}
      <div role="alert" class=${error ? 'error' : 'none'}>${error}</div>
      ${slots.length > 0 && html`
        <div class="toolbar noprint" role="group" aria-label="View">
          <label>Layout <select id="layout" value=${layout} onChange=${event => setLayout(event.target.value)}>
            ${LAYOUTS.map(name => html`<option value=${name}>${name}</option>`)}</select></label>
          <button type="button" onClick=${() => step(-1)} aria-label="Zoom out">−</button>
          <button type="button" onClick=${() => step(1)} aria-label="Zoom in">+</button>
          <button type="button" onClick=${() => setZoom(null)}>Fit</button>
          <button type="button" aria-pressed=${calipers ? 'true' : 'false'} onClick=${() => setCalipers(!calipers)}>Calipers</button>
          <button type="button" onClick=${() => window.print()}>Print or PDF</button>
        </div>
        <${Leads} present=${present} used=${used} onUse=${setUsed} />
        <div class="columns">
          <div class="papers">${views.map(view => html`<${Recording} key=${view.slot.id} view=${view} tools=${tools} several=${slots.length > 1} />`)}</div>
          <div class="side">
            <h2>Findings</h2>
            <div class="noprint"><${Ask} names=${(conditions || []).map(one => one.name)} extra=${extra} onAsk=${ask}
              onForget=${one => setExtra(old => old.filter(other => other !== one))} /></div>
            <div class="visually-hidden" aria-live="polite" data-testid="summary">${summary(slots)}</div>
            ${condition && html`<${Explained} slots=${slots} condition=${condition}
              onUse=${setUsed} onClose=${() => setCondition(null)} />`}
            <${Findings} slots=${slots} extra=${extra} fewer=${fewer} chosen=${condition} onChoose=${setCondition}
              explains=${Boolean(model && model.answers)} />
            <h2>Measurements</h2>
            <${Measurements} slots=${slots} />
            ${model && model.searches && html`<${Similar} slots=${slots} texts=${model.texts} />`}
          </div>
        </div>`}
      ${!slots.length && html`<p class="empty">Drop a recording anywhere on this page, or choose an example: WFDB, CSV, NPY, EDF, DICOM and more.
        A WFDB record needs its header and its signal file together. Nothing leaves the machine that serves this page, and nothing is kept.</p>`}
    </main>
    <footer><p>${model ? `Model ${model.model}, cardiolex ${model.version}. ${model.operating_point}` : ''}</p></footer>
    <${Help} dialog=${help} />`;
}

const root = document.getElementById('app');
root.replaceChildren();
render(html`<${App} />`, root);
