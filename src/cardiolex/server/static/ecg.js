// The ECG on its paper: an SVG measured in millimetres, so that zoom and print are exact.
import { useCallback, useEffect, useMemo, useRef } from './vendor/preact-hooks.js';
import { html } from './ui.js';
import { arrange, LEFT, trace } from './layout.js';
import { Calipers } from './calipers.js';
import { Evidence } from './evidence.js';

const point = (svg, event) => {
  const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  return [at.x, at.y];
};

function Paper({ id, page }) {
  return html`
    <defs>
      <pattern id=${`small-${id}`} width="1" height="1" patternUnits="userSpaceOnUse">
        <path class="grid small" d="M1 0H0V1" />
      </pattern>
      <pattern id=${`big-${id}`} width="5" height="5" patternUnits="userSpaceOnUse">
        <rect width="5" height="5" fill=${`url(#small-${id})`} /><path class="grid big" d="M5 0H0V5" />
      </pattern>
    </defs>
    <rect class="sheet" width=${page.width} height=${page.height} />
    <rect width=${page.width} height=${page.height} fill=${`url(#big-${id})`} />`;
}

function Traces({ page, facts, used }) {
  const { signal, derived } = facts;
  const paths = useMemo(
    () => page.cells.map(cell => {
      const values = signal.microvolts[cell.lead];
      return values ? trace(cell, values, signal.fs_hz) : null;
    }),
    [page, signal],
  );
  const pulses = page.cells.filter(cell => cell.x === LEFT);
  return html`
    ${pulses.map(cell => html`<path class="trace" d=${`M1 ${cell.y}H3V${cell.y - 10}H8V${cell.y}H9.5`} />`)}
    ${page.cells.map((cell, i) => {
      const off = paths[i] !== null && !used.includes(cell.lead);
      const note = paths[i] === null ? ' not recorded' : off ? ' off'
        : derived.includes(cell.lead) ? ' derived' : '';
      return html`
        <g class=${off ? 'cell off' : 'cell'} data-lead=${cell.lead}>
          ${paths[i] !== null && html`<path class="trace" d=${paths[i]} />`}
          <text class="lead" x=${cell.x + 1} y=${cell.y - cell.height / 2 + 4.2}>${cell.lead}<tspan
            class="note">${note}</tspan></text>
        </g>`;
    })}`;
}

export function Ecg({ slot, layout, zoom, onZoom, used, calipers, corners, onCorners, explanation }) {
  const { facts, id, from } = slot;
  const seconds = Math.max(1, Math.min(10, facts.duration_s - from));
  const page = useMemo(() => arrange(layout, facts.leads, seconds), [layout, facts, seconds]);
  const svg = useRef(null), frame = useRef(null), drag = useRef(null);

  useEffect(() => {
    const wheel = event => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      onZoom(event.deltaY < 0 ? 1 : -1);
    };
    const element = frame.current;
    element.addEventListener('wheel', wheel, { passive: false });
    return () => element.removeEventListener('wheel', wheel);
  }, [onZoom]);

  const down = useCallback(event => {
    if (event.button !== 0) return;
    if (calipers) {
      const handle = event.target.dataset ? event.target.dataset.end : undefined;
      const [x, y] = point(svg.current, event);
      if (handle === undefined) onCorners({ x0: x, y0: y, x1: x, y1: y });
      drag.current = { end: handle === undefined ? '1' : handle };
      svg.current.setPointerCapture(event.pointerId);
      event.preventDefault();
    } else if (event.pointerType === 'mouse') {
      const { scrollLeft, scrollTop } = frame.current;
      drag.current = { x: event.clientX, y: event.clientY, scrollLeft, scrollTop };
      svg.current.setPointerCapture(event.pointerId);
    }
  }, [calipers, onCorners]);
  const move = useCallback(event => {
    if (!drag.current) return;
    if (drag.current.end !== undefined) {
      const [x, y] = point(svg.current, event), { end } = drag.current;
      onCorners(old => ({ ...old, [`x${end}`]: x, [`y${end}`]: y }));
    } else {
      frame.current.scrollLeft = drag.current.scrollLeft - (event.clientX - drag.current.x);
      frame.current.scrollTop = drag.current.scrollTop - (event.clientY - drag.current.y);
    }
  }, [onCorners]);
  const up = useCallback(() => { drag.current = null; }, []);

  const name = `ECG ${facts.record || 'recording'} on paper, 25 mm/s, 10 mm/mV, leads ${facts.leads.join(' ')}`;
  return html`
    <div class="frame" ref=${frame} tabindex="0" role="group" aria-label=${`${name}; arrow keys scroll`}>
      <svg ref=${svg} class=${calipers ? 'ecg measuring' : 'ecg'} viewBox=${`0 0 ${page.width} ${page.height}`}
        width=${zoom === null ? '100%' : `${page.width * zoom}px`} style=${{ '--mm': `${page.width.toFixed(1)}mm` }}
        onPointerDown=${down} onPointerMove=${move} onPointerUp=${up} onPointerCancel=${up}>
        <title>${name}</title>
        <${Paper} id=${id} page=${page} />
        ${explanation && explanation.relevance && html`<${Evidence} cells=${page.cells} explanation=${explanation} shownFrom=${from} />`}
        <${Traces} page=${page} facts=${facts} used=${used} />
        <text class="scale" x=${page.width - 1} y=${page.height - 1.2} text-anchor="end">25 mm/s · 10 mm/mV</text>
        ${calipers && corners && html`<${Calipers} corners=${corners} page=${page} onMove=${onCorners} />`}
      </svg>
    </div>`;
}
