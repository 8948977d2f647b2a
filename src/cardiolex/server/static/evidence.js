// Where the evidence for a condition lies, under the tracing: orange for it, blue against it.
import { html } from './ui.js';
import { MM_PER_S } from './layout.js';

const FULL = 0.97; // quantile of relevance that is shown in full colour

// The relevance that is shown in full colour.
export function unit(explanation) {
  const all = explanation.relevance.flat(2).filter(value => value !== null).map(Math.abs).sort((a, b) => a - b);
  return all[Math.floor(FULL * (all.length - 1))] || 1;
}

// Tiles of one cell: {x, width, strength -1 to 1}. `explanation` is an answer of /v1/explain.
export function tiles(cell, explanation, shownFrom, full) {
  const lead = explanation.leads.indexOf(cell.lead);
  return explanation.window_starts_s.flatMap((start, w) => explanation.relevance[w][lead].map((value, m) => {
    const begins = start + m * explanation.segment_s - shownFrom;
    const from = Math.max(begins, cell.from);
    const to = Math.min(begins + explanation.segment_s, cell.from + cell.seconds);
    return {
      x: cell.x + (from - cell.from) * MM_PER_S, width: (to - from) * MM_PER_S,
      strength: value === null ? 0 : Math.max(-1, Math.min(1, value / full)),
    };
  }).filter(tile => tile.width > 1e-6 && Math.abs(tile.strength) > 0.02));
}

export function Evidence({ cells, explanation, shownFrom }) {
  const full = unit(explanation);
  return html`<g class="evidence" data-testid="evidence">
    ${cells.flatMap(cell => tiles(cell, explanation, shownFrom, full).map(tile => html`
      <rect class=${tile.strength > 0 ? 'for' : 'against'} x=${tile.x.toFixed(2)} y=${cell.y - cell.height / 2}
        width=${tile.width.toFixed(2)} height=${cell.height} fill-opacity=${(0.6 * Math.abs(tile.strength)).toFixed(3)} />`))}
  </g>`;
}
