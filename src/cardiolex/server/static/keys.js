// Single keys, where nothing is being typed.
import { useEffect, useRef } from './vendor/preact-hooks.js';
import { html } from './ui.js';

export function useKeys(actions) {
  const current = useRef(actions);
  current.current = actions;
  useEffect(() => {
    const listen = event => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (event.target.closest('input:not([type=checkbox]), textarea, select, dialog')) return;
      const action = current.current[event.key];
      if (action) { event.preventDefault(); action(); }
    };
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, []);
}

const KEYS = [
  ['/', 'ask for a condition'], ['c', 'calipers on or off; Tab reaches their ends, arrow keys move them'],
  ['l', 'next layout'], ['+ - 0', 'zoom in, out, fit; Ctrl and the wheel too'], ['arrows', 'scroll the paper that has the focus'],
  ['a', 'all leads'], ['d', 'dark or light'], ['p', 'print or PDF'], ['Esc', 'no calipers, no evidence'], ['?', 'this list'],
];

export function Help({ dialog }) {
  return html`<dialog ref=${dialog} aria-label="Keys">
    <h2>Keys</h2>
    <dl>${KEYS.map(([key, words]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${words}</dd></div>`)}</dl>
    <form method="dialog"><button>Close</button></form>
  </dialog>`;
}
