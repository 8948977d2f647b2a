// Calipers: two corners on the paper, moved by pointer, finger or arrow keys.
import { html } from './ui.js';
import { MM_PER_MV, MM_PER_S } from './layout.js';

export function reading({ x0, y0, x1, y1 }) {
  const ms = Math.abs(x1 - x0) / MM_PER_S * 1000;
  const mv = Math.abs(y1 - y0) / MM_PER_MV;
  return { ms, mv, bpm: ms > 0 ? 60000 / ms : null };
}

export function said(corners) {
  const { ms, mv, bpm } = reading(corners);
  const rate = bpm !== null && bpm < 1000 ? `, ${bpm.toFixed(0)} bpm` : '';
  return `${ms.toFixed(0)} ms${rate}, ${mv.toFixed(2)} mV`;
}

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function Calipers({ corners, page, onMove }) {
  const { x0, y0, x1, y1 } = corners;
  const key = end => event => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const mm = event.shiftKey ? 1 : 0.1; // 40 ms, 0.1 mV; or 4 ms, 0.01 mV
    const inside = (value, most) => Math.min(most, Math.max(0, value));
    onMove({
      ...corners,
      [`x${end}`]: inside(corners[`x${end}`] + step[0] * mm, page.width),
      [`y${end}`]: inside(corners[`y${end}`] + step[1] * mm, page.height),
    });
  };
  const left = Math.min(x0, x1), top = Math.min(y0, y1);
  const width = Math.abs(x1 - x0), height = Math.abs(y1 - y0);
  const words = said(corners);
  const textX = Math.min(page.width - 44, left + width + 1);
  const handle = (end, x, y) => html`
    <circle class="handle" cx=${x} cy=${y} r="1.6" tabindex="0" role="slider" data-end=${end}
      aria-label=${`Caliper ${end + 1}; arrow keys move it, with Shift ten times as far`}
      aria-valuetext=${words} aria-valuenow=${x.toFixed(1)} onKeyDown=${key(end)} />`;
  return html`<g class="calipers" data-testid="calipers">
    <rect class="span" x=${left} y=${top} width=${width} height=${height} />
    <path d=${`M${x0} 0V${page.height}M${x1} 0V${page.height}M0 ${y0}H${page.width}M0 ${y1}H${page.width}`} />
    ${handle(0, x0, y0)}${handle(1, x1, y1)}
    <rect class="label" x=${textX} y=${top + 0.5} width="43" height="5" rx="0.8" />
    <text x=${textX + 1} y=${top + 4}>${words}</text>
  </g>`;
}
