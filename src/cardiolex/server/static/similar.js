// What the server's index holds that is like a recording, or fits words.
import { useEffect, useState } from './vendor/preact-hooks.js';
import { html } from './ui.js';
import { post } from './api.js';

const KINDS = { recording: 'Recordings', report: 'Reports' };

function Hits({ hits }) {
  if (!hits.length) return html`<p>Nothing was found.</p>`;
  return Object.keys(KINDS).map(kind => [kind, hits.filter(hit => hit.kind === kind)]).filter(([, some]) => some.length)
    .map(([kind, some]) => html`<table class="hits">
      <caption>${KINDS[kind]}; likeness of 1 is the same. The two kinds do not compare.</caption>
      <thead><tr><th scope="col">Likeness</th><th scope="col">${kind === 'recording' ? 'Recording and its report' : 'Report'}</th></tr></thead>
      <tbody>${some.map(hit => html`<tr><td class="number">${hit.similarity.toFixed(3)}</td>
        <td>${kind === 'recording' && html`<strong>${hit.id}</strong> `}${hit.report || (kind === 'recording' ? 'no report' : hit.id)}
          ${hit.records > 1 && html`<span class="soft"> (${hit.records} recordings)</span>`}</td></tr>`)}</tbody></table>`);
}

// `texts`: whether the model puts words and recordings into one space.
export function Similar({ slots, texts }) {
  const [query, setQuery] = useState(null); // {slot} or {text}
  const [found, setFound] = useState(null);
  const [words, setWords] = useState('');
  const of = query && query.slot && slots.find(slot => slot.id === query.slot);
  const text = query && query.text;
  useEffect(() => {
    setFound(null);
    if (!text && !of) return undefined;
    const abort = new AbortController();
    const leads = of && of.fewer ? of.key.split(' ') : null;
    post('/v1/search', of ? of.source : {}, { text: text || null, leads }, abort.signal)
      .then(answer => setFound(answer.hits), error => { if (error.name !== 'AbortError') setFound({ failed: error.message }); });
    return () => abort.abort();
  }, [text, of && of.source, of && of.key]);
  const submit = event => {
    event.preventDefault();
    if (words.trim()) setQuery({ text: words.trim() });
  };
  const title = text ? `For “${text}”` : of && `Like ${of.facts.record || `recording ${of.id}`}`;
  return html`<section class="similar noprint" aria-label="Search" data-testid="similar">
    <h2>In the archive</h2>
    <div class="row">${slots.map(slot => html`<button type="button" onClick=${() => setQuery({ slot: slot.id })}>
      ${slots.length > 1 ? `Recordings like ${slot.id}` : 'Similar recordings'}</button>`)}</div>
    ${texts && html`<form class="ask" onSubmit=${submit}>
      <label for="search">Search the archive in words</label>
      <div class="row"><input id="search" maxlength="300" autocomplete="off" value=${words}
        onInput=${event => setWords(event.target.value)} /><button type="submit">Search</button></div></form>`}
    <div aria-live="polite">${title && html`<h3>${title}</h3>`}
      ${title && !found && html`<p aria-busy="true">Searching…</p>`}
      ${title && found && (found.failed ? html`<p class="failed">${found.failed}</p>` : html`<${Hits} hits=${found} />`)}</div>
  </section>`;
}
