// What the evidence over the tracing rests on, and whether it stands its test.
import { html } from './ui.js';
import { FewLeads } from './few.js';

const percent = share => `${(100 * share).toFixed(0)} %`;

function Verdict({ explanation }) {
  const { deletion, method, windows, window_starts_s: starts } = explanation;
  const falls = deletion.shares.map((share, i) => html`<tr><td>${percent(share)}</td>
    <td>${deletion.marked_fall[i].toFixed(2)}</td><td>${deletion.random_fall[i].toFixed(2)}</td></tr>`);
  return html`
    <p class=${deletion.passed ? 'passed' : 'failed'} data-testid="verdict">${deletion.passed
      ? `The marks stand the deletion test: taking them away lowers the score more than ${percent(deletion.beaten)} of random deletions.`
      : `The marks do not stand the deletion test (better than ${percent(deletion.beaten)} of random deletions): do not trust them.`}</p>
    <details><summary>How this was tested</summary>
      <table class="falls"><caption>Fall of the logit without so many pieces (method: ${method}).</caption>
        <thead><tr><th scope="col">taken away</th><th scope="col">marked most</th><th scope="col">at random</th></tr></thead>
        <tbody>${falls}</tbody></table>
      ${windows > starts.length && html`<p>Explained: ${starts.length} of ${windows} windows, those with the highest scores.</p>`}
    </details>`;
}

export function Explained({ slots, condition, onUse, onClose }) {
  return html`<section class="explained" aria-label=${`Evidence for ${condition}`}>
    <h3>Evidence for ${condition}</h3>
    <p class="soft"><span class="key for"></span> speaks for it <span class="key against"></span> speaks against it</p>
    ${slots.map(slot => html`<div>${slots.length > 1 ? html`<h4>${slot.id}</h4>` : null}
      ${slot.explanation?.failed ? html`<p class="failed">${slot.explanation.failed}</p>` : slot.explanation
        ? html`<p>${slot.explanation.text[0].toUpperCase() + slot.explanation.text.slice(1)}.</p><${Verdict} explanation=${slot.explanation} />`
        : html`<p aria-busy="true">Looking…</p>`}</div>`)}
    <${FewLeads} slots=${slots} condition=${condition} onUse=${onUse} />
    <button type="button" onClick=${onClose}>Hide</button>
  </section>`;
}
