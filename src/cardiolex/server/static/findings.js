// The findings of one or two recordings, and what changes when leads are switched off.
import { useState } from './vendor/preact-hooks.js';
import { html } from './ui.js';

const SHOWN = 12;

const percent = p => (p === undefined || p === null ? '–' : `${(100 * p).toFixed(0)}\u00a0%`);

// Conditions in the order to show: present ones first, each part by falling probability.
export function ranked(slots, extra) {
  const best = new Map();
  for (const slot of slots) {
    for (const row of (current(slot) || slot.all || { findings: [] }).findings) {
      const old = best.get(row.condition);
      const rank = (row.decision ? 10 : 0) + row.probability + (extra.includes(row.condition) ? 20 : 0);
      if (!old || old.rank < rank) best.set(row.condition, { condition: row.condition, rank, row });
    }
  }
  return [...best.values()].sort((a, b) => b.rank - a.rank);
}

function find(answer, condition) {
  return answer && answer.findings.find(row => row.condition === condition);
}

// What is shown: the answer for the leads chosen, which may still be on its way.
const current = slot => (slot.fewer ? slot.chosen : slot.all);

function Answer({ slot, condition }) {
  const answer = current(slot), { fewer } = slot;
  const now = find(answer, condition), before = find(slot.all, condition);
  if (!now) return html`<td class="answer" aria-busy="true">…</td>`;
  const late = fewer && answer.leads.join(' ') !== slot.key;
  const change = fewer && before ? now.probability - before.probability : 0;
  const arrow = Math.abs(change) < 0.005 ? '=' : change > 0 ? '▲' : '▼';
  return html`<td class=${late ? 'answer late' : 'answer'} aria-busy=${late ? 'true' : 'false'}>
    <span class="track" aria-hidden="true"><span class=${now.decision ? 'fill yes' : 'fill'}
      style=${{ width: `${100 * now.probability}%` }}></span><span class="threshold"
      style=${{ left: `${100 * now.threshold}%` }}></span></span>
    <span class="number">${percent(now.probability)}</span>
    <span class=${now.decision ? 'word yes' : 'word'}>${word(now)}</span>
    ${fewer && before && html`<span class="change">
      <span aria-hidden="true">${arrow}</span> all leads ${percent(before.probability)}
      ${before.decision !== now.decision ? `, ${word(before)}` : ''}</span>`}
  </td>`;
}

// null: the recording is too poor to decide.
function word(row) {
  return row.decision === null ? 'not decided' : row.decision ? 'present' : 'no';
}

function Standing({ row }) {
  return html`<span class="standing">
    <span class=${row.seen ? 'badge' : 'badge warn'}>${row.seen ? 'seen in training' : 'not seen in training'}</span>
    <span class=${row.calibrated ? 'badge' : 'badge warn'}>${row.calibrated ? 'calibrated' : 'not calibrated'}</span>
  </span>
  ${row.nearest.length > 0 && html`<span class="near">nearest in training: ${row.nearest.map(one => `${one.name} ${one.cosine.toFixed(2)}`).join(', ')}</span>`}`;
}

export function Findings({ slots, extra, fewer, chosen, onChoose, explains }) {
  const [all, setAll] = useState(false);
  const rows = ranked(slots, extra);
  const shown = all ? rows : rows.slice(0, Math.max(SHOWN, extra.length));
  return html`
    <table class="findings">
      <caption>Probability of each condition; the mark is the model's threshold.${explains
        ? ' Choose a condition to see where its evidence lies.' : ''}</caption>
      <thead><tr><th scope="col">Condition</th>
        ${slots.map(slot => html`<th scope="col">${slots.length > 1 ? `${slot.id} ` : ''}${fewer ? 'leads chosen' : 'all leads'}</th>`)}
      </tr></thead>
      <tbody>${shown.map(({ condition, row }) => html`
        <tr key=${condition} class=${chosen === condition ? 'chosen' : ''} data-condition=${condition}>
          <th scope="row">
            ${explains
              ? html`<button type="button" class="condition" aria-pressed=${chosen === condition ? 'true' : 'false'}
                  onClick=${() => onChoose(chosen === condition ? null : condition)}>${condition}</button>`
              : html`<span class="condition">${condition}</span>`}
            ${row.name && row.name !== condition.toLowerCase() && html`<span class="soft">${row.name}</span>`}
            <${Standing} row=${row} />
          </th>
          ${slots.map(slot => html`<${Answer} slot=${slot} condition=${condition} />`)}
        </tr>`)}
      </tbody>
    </table>
    ${rows.length > SHOWN && html`<button type="button" onClick=${() => setAll(!all)}>
      ${all ? 'Show the leading ones' : `Show all ${rows.length}`}</button>`}`;
}

// One sentence for screen readers.
export function summary(slots) {
  return slots.map(slot => {
    const answer = current(slot);
    if (!answer) return '';
    const present = answer.findings.filter(row => row.decision).map(row => row.condition);
    const open = answer.findings.length && answer.findings.every(row => row.decision === null);
    const leads = slot.fewer ? ` with leads ${answer.leads.join(' ')}` : '';
    return `${slot.facts.record}${leads}: ${open ? 'nothing decided' : present.length ? present.join(', ') : 'none of the conditions'}`;
  }).filter(Boolean).join('. ');
}
