// Which few leads give the answer of all; asked only when wanted, since many subsets are tried.
import { useEffect, useState } from './vendor/preact-hooks.js';
import { html } from './ui.js';
import { post } from './api.js';

const percent = share => `${(100 * share).toFixed(0)} %`;

function Result({ found, onUse }) {
  if (found.failed) return html`<p class="failed">${found.failed}</p>`;
  const all = found.leads.join(' ');
  return html`<p><strong>${all}</strong> ${found.leads.length > 1 ? 'suffice' : 'suffices'}: ${percent(found.probability)},
      with all leads ${percent(found.whole)}.${found.smallest ? '' : ' Found lead by lead: a smaller set may do.'}</p>
    <button type="button" onClick=${() => onUse(found.leads)}>Switch to ${all}</button>`;
}

// `slots` as in Findings; `onUse` switches leads.
export function FewLeads({ slots, condition, onUse }) {
  const [found, setFound] = useState(null);
  const [asked, setAsked] = useState(false);
  const same = [condition, ...slots.flatMap(slot => [slot.source, slot.key])];
  useEffect(() => { setFound(null); setAsked(false); }, same);
  useEffect(() => {
    if (!asked) return undefined;
    const abort = new AbortController();
    const one = slot => post(
      '/v1/sufficient-leads', slot.source, { condition, leads: slot.fewer ? slot.key.split(' ') : null }, abort.signal,
    ).catch(error => { if (error.name === 'AbortError') throw error; return { failed: error.message }; });
    Promise.all(slots.map(one)).then(setFound, () => {});
    return () => abort.abort();
  }, [asked, ...same]);
  return html`<div class="few" data-testid="few">
    ${!asked && html`<button type="button" onClick=${() => setAsked(true)}>Which leads suffice?</button>`}
    <div aria-live="polite">${asked && !found && html`<p aria-busy="true">Trying subsets of leads…</p>`}
      ${asked && found && slots.map((slot, i) => html`<div>${slots.length > 1 ? html`<h4>${slot.id}</h4>` : null}
        <${Result} found=${found[i]} onUse=${onUse} /></div>`)}</div>
  </div>`;
}
