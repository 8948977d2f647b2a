// A condition in plain words; anything may be asked, the vocabulary only proposes.
import { useState } from './vendor/preact-hooks.js';
import { html } from './ui.js';

export function Ask({ names, extra, onAsk, onForget }) {
  const [words, setWords] = useState('');
  const submit = event => {
    event.preventDefault();
    const asked = words.replace(/[;\n]/g, ',').trim().slice(0, 300);
    if (asked) onAsk(asked);
    setWords('');
  };
  return html`
    <form class="ask" onSubmit=${submit}>
      <label for="ask">Ask for any condition, in your own words</label>
      <div class="row">
        <input id="ask" list="known" autocomplete="off" maxlength="300" placeholder="atrial fibrillation"
          value=${words} onInput=${event => setWords(event.target.value)} />
        <button type="submit">Ask</button>
      </div>
      <datalist id="known">${names.map(name => html`<option value=${name} />`)}</datalist>
      ${extra.length > 0 && html`<ul class="asked" aria-label="Asked">
        ${extra.map(one => html`<li>${one} <button type="button" aria-label=${`Forget ${one}`} onClick=${() => onForget(one)}>×</button></li>`)}</ul>`}
    </form>`;
}
