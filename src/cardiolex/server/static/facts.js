// What is in the file: quality warnings, repairs, measurements.
import { html } from './ui.js';

const WORDS = {
  heart_rate: 'Heart rate', pr_interval: 'PR', p_duration: 'P', qrs_duration: 'QRS', qt_interval: 'QT',
  qtc_bazett: 'QTc (Bazett)', qtc_fridericia: 'QTc (Fridericia)', qrs_axis: 'QRS axis',
  t_axis: 'T axis', p_axis: 'P axis', sokolow_lyon: 'Sokolow-Lyon', cornell: 'Cornell',
};
const UNITS = { '/min': 'bpm', deg: '°' };

export function Warnings({ facts }) {
  if (!facts.warnings.length) return html`<p class="good">No signal-quality warning.</p>`;
  return html`<div class="warnings" role="note"><strong>Signal quality</strong>
    <ul>${facts.warnings.map(one => html`<li>${one}</li>`)}</ul></div>`;
}

function Told({ title, children, count }) {
  return html`<details class="notes"><summary>${title} (${count})</summary>${children}</details>`;
}

// What was understood of the file, what was repaired, and what was not read.
export function Notes({ facts }) {
  const understood = [
    ...(facts.report ? [['report', facts.report]] : []),
    ...(facts.labels.length ? [['labels', facts.labels.join(', ')]] : []),
    ...Object.entries(facts.details),
    ...(facts.derived.length ? [['derived from I and II', facts.derived.join(', ')]] : []),
    ...(facts.other_channels.length ? [['other channels, not shown', facts.other_channels.join(', ')]] : []),
  ];
  return html`
    ${understood.length > 0 && html`<${Told} title="What else the file says" count=${understood.length}>
      <dl>${understood.map(([name, words]) => html`<div><dt>${name.replaceAll('_', ' ')}</dt><dd>${words}</dd></div>`)}</dl><//>`}
    ${facts.notes.length > 0 && html`<${Told} title="What was repaired or assumed" count=${facts.notes.length}>
      <ul>${facts.notes.map(one => html`<li>${one}</li>`)}</ul><//>`}
    ${facts.not_read.length > 0 && html`<${Told} title="What was not read" count=${facts.not_read.length}>
      <ul>${facts.not_read.map(one => html`<li>${one}</li>`)}</ul><//>`}`;
}

export function Measurements({ slots }) {
  const names = slots[0].facts.measurements.map(one => one.name);
  const cell = (slot, name) => {
    const one = slot.facts.measurements.find(row => row.name === name);
    if (one.value === null) return 'not measurable';
    const digits = one.unit === 'mV' ? 2 : 0;
    return `${one.value.toFixed(digits)} ${UNITS[one.unit] || one.unit}`;
  };
  return html`<table class="measurements">
    <caption>Measured automatically; a physician has to check it.</caption>
    ${slots.length > 1 && html`<thead><tr><th scope="col"></th>${slots.map(slot => html`<th scope="col">${slot.id}</th>`)}</tr></thead>`}
    <tbody>${names.map(name => html`<tr><th scope="row" title=${slots[0].facts.measurements.find(row => row.name === name).meaning}>${WORDS[name] || name}</th>
      ${slots.map(slot => html`<td>${cell(slot, name)}</td>`)}</tr>`)}</tbody>
  </table>`;
}
