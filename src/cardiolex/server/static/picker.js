// Choosing a recording: files from this machine, or a bundled example.
import { useRef, useState } from './vendor/preact-hooks.js';
import { html } from './ui.js';

export function Picker({ id, label, samples, onOpen, onClose, open }) {
  const input = useRef(null);
  const [stated, setStated] = useState({});
  const [over, setOver] = useState(false);
  const state = name => event => setStated(old => ({ ...old, [name]: event.target.value || null }));
  const take = files => {
    if (files.length) onOpen({ files: [...files], stated });
    input.current.value = '';
  };
  return html`
    <section class=${over ? 'picker over' : 'picker'} aria-label=${label} data-slot=${id}
      onDragOver=${event => { event.preventDefault(); setOver(true); }}
      onDragLeave=${() => setOver(false)}
      onDrop=${event => {
        event.preventDefault(); event.stopPropagation(); setOver(false);
        take(event.dataTransfer.files);
      }}>
      <h2>${label}</h2>
      <label class="file button">Choose or drop a file
        <input ref=${input} type="file" multiple id=${`file-${id}`} onChange=${event => take(event.target.files)} />
      </label>
      <label for=${`sample-${id}`} class="soft">or an example</label>
      <select id=${`sample-${id}`} onChange=${event => {
        if (event.target.value) onOpen({ sample: event.target.value });
        event.target.value = '';
      }}>
        <option value="">Choose…</option>
        ${samples.map(one => html`<option value=${one.sample}>${one.sample}: ${one.diagnosis}</option>`)}
      </select>
      ${open && onClose && html`<button type="button" onClick=${onClose}>Remove</button>`}
      <p class="soft">A ZIP archive may hold the files of one recording.</p>
      <details class="stated"><summary>If the file does not say its rate, unit or leads</summary>
        <label>Samples per second <input type="number" min="20" max="50000" step="any" inputmode="decimal" onInput=${state('fs')} /></label>
        <label>Unit <select onChange=${state('unit')}><option value="">as in the file</option>
          ${['mV', 'uV', 'V', 'nV'].map(unit => html`<option>${unit}</option>`)}</select></label>
        <label>Leads in the order of the file <input type="text" placeholder="I, II, V1" onInput=${state('channels')} /></label>
        <label>Which recording of many, from 0 <input type="number" min="0" step="1" onInput=${state('index')} /></label>
      </details>
    </section>`;
}
